import { describe, expect, it } from "vitest"
import type { Plan } from "../../src/runtime/commands/plan/plan.ts"
import { dumpCatalog } from "../support/catalogDump.ts"
import { runCutover } from "../support/cli.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { catalogOf, contentOf } from "../support/oracle.ts"

async function createReturns(database: TestDatabase, order = "g"): Promise<void> {
  await database.query(`
    create table returns_raw (id bigint generated always as identity primary key, vendor text, return_date date not null);
    insert into returns_raw (vendor, return_date)
    select 'v' || g % 9, date '2024-01-01' + g / 300 from generate_series(1, 60000) g order by ${order};
    create index on returns_raw (vendor, return_date);
    create view by_vendor as select vendor, count(*) from returns_raw group by vendor;
    analyze returns_raw`)
}

const planArgs = ["plan", "returns_raw", "--by", "return_date", "--months-ahead", "0", "--months-back", "0"]

describe("cutover plan", () => {
  it("says what a launch would do, and changes nothing: no schema, no statistics, no row", async () => {
    await using database = await createDatabase("plan")
    await createReturns(database)
    const before = [await catalogOf(database), await dumpCatalog(database), await contentOf(database, "returns_raw")]
    const { code, stdout } = await runCutover(database.url, [...planArgs, "--json"])
    expect(code).toBe(0)
    const planned = JSON.parse(stdout) as Plan
    expect(planned).toMatchObject({ table: "public.returns_raw", strategy: { name: "months" } })
    expect(planned.findings.filter((one) => one.level === "block")).toEqual([])
    expect(planned.findings.filter((one) => one.level === "warn").map((one) => one.code)).toEqual([
      "CUTOVER_KEY_WIDENED",
      "CUTOVER_GAPS",
    ])
    expect(planned.findings.filter((one) => one.level === "ok").length).toBeGreaterThan(12)
    expect(planned.estimates).toMatchObject({ rows: 60_000, isSampled: false })
    expect(planned.estimates.diskNeededBytes).toBeGreaterThan(planned.estimates.bytes)
    const months = planned.partitions.filter((one) => one.rowsEstimated > 0)
    expect(months).toHaveLength(7)
    expect(months[0]).toEqual({
      label: "2024-01",
      table: "public.returns_raw_2024_01",
      from: "2024-01-01",
      to: "2024-02-01",
      rowsEstimated: 31 * 300 - 1,
    })
    expect(planned.sql.map((one) => one.text).join("\n")).toContain(
      'alter table "public"."returns_raw" rename to "returns_raw_legacy"',
    )
    expect([await catalogOf(database), await dumpCatalog(database), await contentOf(database, "returns_raw")]).toEqual(
      before,
    )
  })

  it("sees a shuffled heap, and says that it would be swept", async () => {
    await using database = await createDatabase("planshuffled")
    await createReturns(database, "md5(g::text)")
    const { stdout } = await runCutover(database.url, [...planArgs, "--json"])
    expect((JSON.parse(stdout) as Plan).strategy).toMatchObject({
      name: "sweep",
      reason: expect.stringMatching(/each block holds rows of \d\.\d partitions/) as string,
    })
  })

  it("lists all that is in the way with what to do, and exits with 3", async () => {
    await using database = await createDatabase("planblocked")
    await createReturns(database)
    await database.query(
      "create table child (id int, r bigint references returns_raw); create materialized view mv as select count(*) from returns_raw",
    )
    const { code, stdout } = await runCutover(database.url, planArgs)
    expect(code).toBe(3)
    expect(stdout).toContain("CUTOVER_INCOMING_KEY")
    expect(stdout).toMatch(/--incoming-fks\s+drop/)
    expect(stdout).toContain("materialized view")
  })

  it("prints the statements in their order, each under the lock that it takes", async () => {
    await using database = await createDatabase("plansql")
    await createReturns(database)
    const { code, stdout } = await runCutover(database.url, [...planArgs, "--sql"])
    expect(code).toBe(0)
    const order = [
      "create trigger",
      'create table "public"."returns_raw_partitioned"',
      'insert into "public"."returns_raw_2024_01"',
      "attach partition",
      "access exclusive mode",
      'rename to "returns_raw_legacy"',
      'create or replace view "public"."by_vendor"',
      "\nanalyze ",
    ]
    const at = order.map((text) => stdout.indexOf(text))
    expect(at).toEqual(at.toSorted((a, b) => a - b))
    expect(at).not.toContain(-1)
    expect(stdout).toMatch(/^-- attach: the swap, in one transaction\. Locks ACCESS EXCLUSIVE on the source/m)
    await database.query(stdout)
    expect(await database.query("select relkind from pg_class where relname = 'returns_raw'")).toEqual([
      { relkind: "p" },
    ])
  })

  it("prints a script that does not swap where rows were written meanwhile", async () => {
    await using database = await createDatabase("planwritten")
    await createReturns(database)
    const { stdout } = await runCutover(database.url, [...planArgs, "--json"])
    const { sql } = JSON.parse(stdout) as Plan
    const swap = sql.filter((one) => one.step === "attach").map((one) => one.text)
    for (const { text, step } of sql) {
      if (step === "attach") break
      await database.query(text)
    }
    await database.query("insert into public.returns_raw (vendor, return_date) values ('late', '2024-01-05')")
    await expect(database.query(swap.join(";"))).rejects.toThrow("the table was written to since the copy began")
    expect(await database.query("select relkind from pg_class where relname = 'returns_raw'")).toEqual([
      { relkind: "r" },
    ])
  })

  it("looks good", async () => {
    await using database = await createDatabase("planlook")
    await createReturns(database)
    const { stdout } = await runCutover(database.url, planArgs)
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100)
    expect(stdout).toMatch(/^public\.returns_raw by return_date, one partition a month\n/)
    expect(stdout).toContain("Nothing is in the way.")
  })
})

it("says which grant is missing to a role that may not read the table, and exits with 3", async () => {
  await using database = await createDatabase("planrole")
  await createReturns(database)
  await database.query(
    "do $$ begin create role plan_reader login password 'x'; exception when duplicate_object then null; end $$",
  )
  const url = new URL(database.url)
  url.username = "plan_reader"
  url.password = "x"
  const { code, stdout } = await runCutover(url.href, planArgs)
  expect(code).toBe(3)
  expect(stdout).toContain("CUTOVER_PRIVILEGE")
  expect(stdout).toContain("grant")
})
