import { describe, expect, it } from "vitest"
import type { Status } from "../../src/domain/status.ts"
import { assertWithin } from "../../src/steps/prep/survey.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { contentOf, partitionsOf } from "../support/oracle.ts"
import { launchAndWork, launchRun, services, waitForStatus, worker } from "../support/runs.ts"

/** Clocks that were set back over midnight, or forward, or by a whole day; each with the moment in UTC. */
const turns = [
  { timezone: "America/St_Johns", at: "2009-11-01 02:31:00+00", says: "back at 00:01 on the first" },
  { timezone: "America/Havana", at: "2015-11-01 05:00:00+00", says: "back at 01:00 on the first, to midnight" },
  { timezone: "America/Havana", at: "2012-04-01 05:00:00+00", says: "forward at midnight on the first" },
  { timezone: "Pacific/Apia", at: "2011-12-30 10:00:00+00", says: "forward by a day" },
  { timezone: "Europe/Berlin", at: "2024-03-31 01:00:00+00", says: "forward on the last of a month" },
  { timezone: "UTC", at: "2024-03-01 00:00:00+00", says: "not at all" },
] as const

/** The run came to its end, and the survey counted the rows that each partition has now. */
async function assertCounted(database: TestDatabase, status: Status): Promise<void> {
  expect(status.run).toMatchObject({ state: "cleanup", error: null })
  const rows = new Map((await partitionsOf(database, "t")).map((one) => [`public.${one.name}`, one.rows]))
  expect(status.partitions.map((one) => [one.table, one.rowsEstimated])).toEqual(
    status.partitions.map((one) => [one.table, rows.get(one.table)]),
  )
}

describe.each(turns)("where the clock of $timezone is set $says", ({ timezone, at }) => {
  it.each(["month", "day"] as const)("every row is copied into the %s that its bounds say", async (interval) => {
    await using database = await createDatabase("turns")
    // A row for each block, so that the rows of a minute fill a zone of their own.
    await database.query(`
      create table t (id int primary key, d timestamptz not null, v text);
      alter table t alter v set storage plain;
      insert into t select g, timestamptz '${at}' + (g - 160) * interval '3 seconds', repeat('v', 7000) from generate_series(1, 320) g`)
    const before = await contentOf(database, "t")
    await using open = await services(database)
    const options = { timezone, interval, writes: "capture", monthsAhead: 0, monthsBack: 0 } as const
    await assertCounted(database, await launchAndWork(open, { table: "t", by: "d", options }))
    expect(await contentOf(database, "t")).toEqual(before)
  })
})

/** With time for each batch, the stretches are as long on any machine. A short one tells nothing, and is looked at by its zones. */
const unhurried = { batchTargetMs: 10_000 } as const

const mixed = [
  { type: "date", timezone: "UTC" },
  { type: "timestamp", timezone: "UTC" },
  { type: "timestamptz", timezone: "America/St_Johns" },
] as const

it.each(mixed)(
  "of a mixed heap by a $type every row is found, the few of other years and those without a key, too",
  async ({ type, timezone }) => {
    await using database = await createDatabase("mixed")
    await database.query(`
      create table t (id int, d ${type}, v text);
      insert into t
      select g, case when g = 7777 then '1999-12-31 23:59:59' when g = 9999 then '2031-05-01' when g % 1000 = 13 then null
                else timestamp '2024-01-01' + g * interval '20 minutes' end, repeat('v', 400)
      from generate_series(1, 20000) g
      order by md5(g::text)`)
    const before = await contentOf(database, "t")
    await using open = await services(database)
    const options = { timezone, nullKeys: "default-partition", monthsAhead: 0, monthsBack: 0, ...unhurried } as const
    await assertCounted(database, await launchAndWork(open, { table: "t", by: "d", options }))
    expect(await contentOf(database, "t")).toEqual(before)
    // Of a month that holds one row, more than the zone of that row: so it was the way for mixed heaps.
    const [few] = await database.query<{ blocks: string }>(`
      select sum(upper(one) - lower(one))::text as blocks from cutover.partitions, unnest(blocks) as one where label = '1999-12'`)
    expect(Number(few?.blocks)).toBeGreaterThan(100)
  },
)

it("a heap in order is not taken for a mixed one where a block holds rows of many days", async () => {
  await using database = await createDatabase("days")
  await database.query(`
    create table t (id int primary key, d date not null);
    insert into t select g, date '2024-01-01' + g / 500 from generate_series(1, 150000) g`)
  await using open = await services(database)
  const run = await launchRun(open, {
    table: "t",
    by: "d",
    options: { interval: "day", monthsAhead: 0, monthsBack: 0, ...unhurried },
  })
  await using _ = await worker(open, run.id)
  await waitForStatus(open, run.id, (one) => one.run.state !== "prep")
  const found = await database.query<{ blocks: string }>(`
    select max(upper(one) - lower(one))::text as blocks from cutover.partitions, unnest(blocks) as one`)
  expect(Number(found[0]?.blocks)).toBeLessThanOrEqual(32)
  expect(await database.query("select strategy from cutover.runs")).toEqual([{ strategy: "months" }])
})

it("a survey that takes rows for another month than the bounds do is an error, and not a month without them", async () => {
  await using database = await createDatabase("outside")
  await database.query("create table t (id int primary key, d date not null); insert into t values (1, '2024-01-31')")
  await using open = await services(database)
  const run = await launchRun(open, { table: "t", by: "d" })
  const bounds = new Map([["2024-01-01", { from: "2024-01-01", to: "2024-02-01" }]])
  const january = { start: "2024-01-01", low: "2024-01-01", high: "2024-01-31" }
  await assertWithin(open.database, run, [january], bounds)
  for (const wrong of [{ low: "2023-12-31" }, { high: "2024-02-01" }, { start: "2024-02-01" }])
    await expect(assertWithin(open.database, run, [{ ...january, ...wrong }], bounds)).rejects.toThrow(/lie outside/)
})
