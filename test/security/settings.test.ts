import pg from "pg"
import { describe, expect, it } from "vitest"
import { rollback } from "../../src/runtime/commands/rollback.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { contentOf, namesOf, partitionsOf } from "../support/oracle.ts"
import { launchRun, services, waitForStatus, worker } from "../support/runs.ts"

/** What the owner of a database, or of a role, may have set, and what statements then mean something else by. */
const settings = {
  array_nulls: "off",
  transform_null_equals: "on",
  standard_conforming_strings: "off",
  quote_all_identifiers: "on",
  search_path: "nowhere",
  datestyle: "'SQL, DMY'",
  timezone: "'America/New_York'",
  intervalstyle: "sql_standard",
  bytea_output: "escape",
  extra_float_digits: "-10",
  session_replication_role: "replica",
  default_transaction_isolation: "serializable",
  default_transaction_deferrable: "on",
  row_security: "off",
  check_function_bodies: "off",
  enable_indexscan: "off",
  statement_timeout: "'2s'",
  lock_timeout: "'1ms'",
  client_min_messages: "error",
} as const

/** The same database, seen by sessions that have none of the settings. */
function freshSessions(database: TestDatabase): TestDatabase {
  const pool = new pg.Pool({ connectionString: database.url, max: 2 })
  return {
    ...database,
    query: async <Row extends object>(text: string, values?: readonly unknown[]) =>
      (await pool.query<Row>(text, values && [...values])).rows,
    [Symbol.asyncDispose]: () => pool.end(),
  }
}

describe("settings that a database brings along", () => {
  it("do not change what a run does", async () => {
    await using database = await createDatabase("settings")
    await database.query(`
      create table t (id int primary key, d date, f float8, b bytea, "back\\slash" text default E'\\\\');
      create index on t ("back\\slash") where "back\\slash" <> E'\\\\x';
      insert into t (id, d, f, b)
      select g, case when g % 10 <> 0 then date '2024-01-01' + g end, 0.1 + g::float8 / 3, '\\x00ff' from generate_series(1, 90) g`)
    const before = await contentOf(database, "public.t")
    const names = await namesOf(database, "public.t")
    for (const [name, value] of Object.entries(settings)) {
      await database.query(`alter database ${database.name} set ${name} = ${value}`)
    }
    await using open = await services(database)
    const run = await launchRun(open, {
      table: "t",
      by: "d",
      options: { writes: "capture", nullKeys: "default-partition", monthsAhead: 0, monthsBack: 0 },
    })
    await using _ = await worker(open, run.id)
    const status = await waitForStatus(
      open,
      run.id,
      (one) => one.run.control === "halted" || (one.run.state === "cleanup" && one.run.control === "waiting"),
    )
    expect(status.run).toMatchObject({ state: "cleanup", error: null })
    await database.query(`alter database ${database.name} reset all`)
    await using own = freshSessions(database)
    expect(await contentOf(own, "public.t")).toEqual(before)
    expect(await namesOf(own, "public.t")).toEqual(names)
    expect((await partitionsOf(own, "public.t")).map((one) => [one.name, one.rows])).toContainEqual(["t_default", 9])
    await own.query("update public.t set d = d + 31 where id in (1, 2); insert into public.t (id) values (1000)")
    const written = await contentOf(own, "public.t")
    await rollback(open, run.id, null)
    expect(await contentOf(own, "public.t")).toEqual(written)
  })
})
