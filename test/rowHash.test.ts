import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { describeTable } from "../src/postgres/catalog/describeTable.ts"
import { Database } from "../src/postgres/Database.ts"
import { readOne } from "../src/postgres/Queryable.ts"
import { ident, sql } from "../src/postgres/sql.ts"
import { hashOfRow } from "../src/steps/validate/rowHash.ts"
import { type TestDatabase, createDatabase } from "./support/database.ts"
import { mainMajor } from "./support/testClusters.ts"

/** Of each type two values that are written differently, though some are equal to the type itself. */
const pairs: readonly (readonly [type: string, one: string, other: string])[] = [
  ["bigint", "1", "2"],
  ["integer", "-1", "1"],
  ["smallint", "0", "7"],
  ["text", "a", "b"],
  ["text", "", " "],
  ["varchar(10)", "a", "a "],
  ["char(3)", "a", "b"],
  ["uuid", "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"],
  ["numeric", "1.0", "1.00"],
  ["float8", "0", "-0"],
  ["boolean", "true", "false"],
  ["date", "2024-01-31", "2024-02-01"],
  ["timestamptz", "2024-01-31 23:59:59.999999+00", "2024-02-01 00:00:00+00"],
  ["interval", "1 day", "24 hours"],
  ["jsonb", '{"a": 1.0}', '{"a": 1.00}'],
  ["json", '{"a":1}', '{"a": 1}'],
  ["bytea", "\\x00", "\\x0000"],
  ["text[]", "{a,b}", "{b,a}"],
  ["bit(3)", "101", "100"],
]

describe("the hash of a row", () => {
  let test: TestDatabase
  let database: Database
  beforeAll(async () => {
    test = await createDatabase("row_hash")
    database = new Database({ connectionString: test.url, applicationName: "cutover/test" })
  })
  afterAll(async () => {
    await database.end()
    await test.drop()
  })

  /** The hashes of the rows of a table by its column `n`, with the columns `a` and `v` hashed. */
  async function hashesOf(name: string): Promise<(string | null)[]> {
    const { oid } = await readOne<{ oid: number }>(database, sql`select ${`public.${name}`}::regclass::oid as oid`)
    const columns = (await describeTable(database, oid))?.columns.filter((column) => column.name !== "n") ?? []
    expect(columns.length).toBeGreaterThan(0)
    const { rows } = await database.query<{ hash: string | null }>(
      sql`select ${hashOfRow(columns)}::text as hash from ${ident("public", name)} order by n`,
    )
    return rows.map((row) => row.hash)
  }

  it.each(pairs.flatMap(([type, one, other]) => ["not null", ""].map((nulls) => ({ type, nulls, one, other }))))(
    "tells $one from $other of type $type $nulls, and the same again",
    async ({ type, nulls, one, other }) => {
      await test.query(`
        drop table if exists v;
        create table v (n int, a text not null, v ${type} ${nulls});
        insert into v values (1, 'x', '${one}'), (2, 'x', '${other}'), (3, 'x', '${one}'), (4, 'y', '${one}')`)
      const [first, second, again, beside] = await hashesOf("v")
      expect(again).toBe(first)
      expect(new Set([first, second, beside]).size).toBe(3)
    },
  )

  it("tells null from nothing, and values that changed places, in one row or between two", async () => {
    await test.query(`
      drop table if exists v;
      create table v (n int, a text not null, b text not null, c text, d text);
      insert into v values (1, 'x', 'y', null, ''), (2, 'x', 'y', '', null), (3, 'y', 'x', null, ''), (4, 'x', 'y', '', ''),
        (5, 'xy', '', null, ''), (6, '', 'xy', null, '')`)
    const hashes = await hashesOf("v")
    expect(hashes).not.toContain(null)
    expect(new Set(hashes).size).toBe(6)
    const [one, two, three, four] = (await sums("'p','q'", "'r','s'")).concat(await sums("'p','s'", "'r','q'"))
    expect([one === two, three === four, one === three]).toEqual([true, true, false])
  })

  /** The sum of two rows' hashes, and the same with the rows the other way round. */
  async function sums(first: string, second: string): Promise<string[]> {
    const found: string[] = []
    for (const rows of [
      [first, second],
      [second, first],
    ]) {
      await test.query(`
        drop table if exists w;
        create table w (n int, a text not null, b text not null);
        insert into w values (1, ${rows[0]}), (2, ${rows[1]})`)
      const hashes = await hashesOf("w")
      found.push(hashes.reduce((sum, hash) => sum + BigInt(hash ?? "null"), 0n).toString())
    }
    return found
  }

  // Before PostgreSQL 18 there is no NOT NULL that is not valid.
  it.runIf(mainMajor >= 18)("is there for rows that lack a value where none should be null", async () => {
    await test.query(`
      drop table if exists v;
      create table v (n int, a text, b text);
      insert into v values (1, null, 'x'), (2, null, 'y'), (3, '', 'x');
      alter table v add constraint given not null a not valid`)
    const hashes = await hashesOf("v")
    expect(hashes).not.toContain(null)
    expect(new Set(hashes).size).toBe(3)
  })
})
