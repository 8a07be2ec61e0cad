import { availableParallelism } from "node:os"
import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import type { RunOptionsInput } from "../../src/config/runOptions.ts"
import { set } from "../../src/runtime/commands/set.ts"
import { readRecords } from "../../src/store/log.ts"
import { readStatus } from "../../src/store/status.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { contentOf } from "../support/oracle.ts"
import { launchRun, services, waitForStatus, worker } from "../support/runs.ts"
import { mainMajor } from "../support/testClusters.ts"
import { createTruth, shuffleHeap } from "../support/writers.ts"

async function createTable(database: TestDatabase, rows = 3_000): Promise<void> {
  await database.query(`
    create table t (id int primary key, d date not null, v text);
    insert into t select g, date '2024-01-01' + g % 90, repeat('v', 200) from generate_series(1, ${rows}) g;
    create table gate (closed int); insert into gate values (1)`)
}

const quick: RunOptionsInput = { writes: "capture", monthsAhead: 0, monthsBack: 0 }

/** What speaks against the next batch, the reason that is shown, and what makes it go on. */
const limits: readonly {
  readonly what: string
  readonly options: RunOptionsInput
  readonly reason: RegExp
  readonly end: (database: TestDatabase) => Promise<unknown>
}[] = [
  {
    what: "a statement of the user's",
    options: { throttleSql: "select closed from public.gate" },
    reason: /^throttled: --throttle-sql says 1$/,
    end: (database) => database.query("update gate set closed = 0"),
  },
  {
    what: "a statement of the user's that fails",
    options: { throttleSql: "select closed from public.gate_of_tomorrow" },
    reason: /^throttled: --throttle-sql failed: relation "public.gate_of_tomorrow" does not exist$/,
    end: (database) => database.query("create table gate_of_tomorrow as select 0 as closed"),
  },
  {
    what: "a statement of the user's that writes",
    options: { throttleSql: "delete from public.gate returning 0" },
    reason: /^throttled: --throttle-sql failed: cannot execute DELETE in a read-only transaction$/,
    end: async () => {},
  },
]

describe.each(limits)("$what", ({ options, reason, end }) => {
  it("holds the copy, is shown and recorded, and lets it go on", async () => {
    await using database = await createDatabase("throttle")
    await using open = await services(database)
    await createTable(database)
    const content = await contentOf(database, "t")
    const run = await launchRun(open, { table: "t", by: "d", options: { ...quick, ...options } })
    await using _ = await worker(open, run.id)
    const held = await waitForStatus(open, run.id, (one) => one.run.reason !== null)
    expect(held.run).toMatchObject({
      state: "copy",
      control: "running",
      reason: expect.stringMatching(reason) as string,
    })
    await sleep(1_200)
    expect((await readStatus(open.database, run.id)).totals.rowsCopied).toBe(0)
    expect(await contentOf(database, "gate")).toMatchObject({ rows: "1" })
    await end(database)
    if (options.throttleSql?.startsWith("delete") === true) await set(open, run.id, { throttleSql: null })
    await waitForStatus(open, run.id, (one) => one.run.state === "cleanup")
    expect(await contentOf(database, "t")).toEqual(content)
    const kinds = (await readRecords(open.database, run.id, 0)).map((one) => one.kind)
    expect(kinds).toContain("throttle.began")
    expect(kinds.filter((kind) => kind === "throttle.began")).toHaveLength(1)
  })
})

it("sessions that wait for locks hold the copy until they go on", async () => {
  await using database = await createDatabase("throttlewait")
  await using open = await services(database)
  await createTable(database)
  const holder = await database.pool.connect()
  await holder.query("begin; lock table gate")
  const waiting = database.query("select * from gate")
  const run = await launchRun(open, { table: "t", by: "d", options: { ...quick, maxWaiting: 0 } })
  await using _ = await worker(open, run.id)
  const held = await waitForStatus(open, run.id, (one) => one.run.reason !== null)
  expect(held.run.reason).toBe("throttled: 1 sessions wait for locks, and 0 may")
  await holder.query("commit")
  holder.release()
  await waiting
  await waitForStatus(open, run.id, (one) => one.run.state === "cleanup")
})

it("rows per second are kept on the average, and set while the run lives", async () => {
  await using database = await createDatabase("throttlerows")
  await using open = await services(database)
  await createTable(database, 30_000)
  const run = await launchRun(open, { table: "t", by: "d", options: { ...quick, maxRowsPerSecond: 2_000 } })
  await using _ = await worker(open, run.id)
  const startedAt = performance.now()
  await waitForStatus(open, run.id, (one) => Number(one.totals.rowsCopied) > 0)
  await sleep(3_000)
  const { rowsCopied } = (await readStatus(open.database, run.id)).totals
  // The first batches find their size: two lanes, 2 MB each.
  const seconds = (performance.now() - startedAt) / 1000
  expect(Number(rowsCopied)).toBeLessThan(2_000 * seconds + 16_000)
  expect(Number(rowsCopied)).toBeLessThan(30_000)
  expect((await readStatus(open.database, run.id)).run.reason).toBe("throttled: 2000 rows/s are allowed")
  await set(open, run.id, { maxRowsPerSecond: null, parallel: 4 })
  await waitForStatus(open, run.id, (one) => one.run.state === "cleanup")
  const records = await readRecords(open.database, run.id, 0)
  expect(records.find((one) => one.kind === "run.set")?.data).toEqual({ maxRowsPerSecond: null, parallel: 4 })
  expect(records.map((one) => one.kind)).toContain("throttle.ended")
})

/** Notes in the table `seen`, once a run is there, how many parallel workers each index may have, and how many months are left. */
async function seeBuilds(database: TestDatabase): Promise<void> {
  await database.query(`
    create table seen (statement text, workers int, months int);
    create function see() returns event_trigger language plpgsql security definer as $$
    begin
      insert into public.seen
      select current_query(), pg_catalog.current_setting('max_parallel_maintenance_workers')::int, count(*)
      from cutover.partitions where state <> 'validated';
    end $$;
    create event trigger see on ddl_command_start when tag in ('CREATE INDEX', 'ALTER TABLE') execute function see()`)
}

// Elsewhere nothing is known of its cores.
it.runIf(process.platform === "linux").each([
  {
    parallel: 1,
    builds: [
      { months: 1, lanes: 1 },
      { months: 2, lanes: 1 },
      { months: 3, lanes: 1 },
    ],
  },
  // Two at a time, and the last one by itself.
  {
    parallel: 2,
    builds: [
      { months: 1, lanes: 1 },
      { months: 3, lanes: 2 },
    ],
  },
])("an index of one of $parallel lanes has workers for the cores that no lane has", async ({ parallel, builds }) => {
  await using database = await createDatabase("workers")
  await database.query(`
    -- Of two months; the third is that of today.
    create table t (id int primary key, d date not null);
    insert into t select g, date '2024-01-01' + g / 20 from generate_series(1, 1100) g`)
  await using open = await services(database)
  const run = await launchRun(open, { table: "t", by: "d", options: { ...quick, parallel } })
  await seeBuilds(database)
  // One job at a time, so that no month ends between a build's beginning and what is seen of it.
  await using _ = await worker(open, run.id, 1)
  await waitForStatus(open, run.id, (one) => one.run.state === "cleanup")
  const seen = await database.query<{ workers: number; months: number }>(
    "select distinct workers, months from seen where statement ~* '202\\d.* add constraint .* primary key' order by months",
  )
  const cores = availableParallelism()
  expect(seen).toEqual(
    builds.map(({ months, lanes }) => ({ months, workers: Math.max(0, Math.min(2, Math.floor(cores / lanes) - 1)) })),
  )
})

it("with --nice an index that is built for the run has no workers of its own", async () => {
  await using database = await createDatabase("niceindex")
  await createTable(database, 100)
  await using open = await services(database)
  const options = { ...quick, nice: true, ensureIndexes: [["d"]] }
  const run = await launchRun(open, { table: "t", by: "d", options })
  await seeBuilds(database)
  await using _ = await worker(open, run.id)
  await waitForStatus(open, run.id, (one) => one.run.state === "cleanup")
  const seen = await database.query("select workers from seen where statement like '%create index concurrently%'")
  expect(seen).toEqual([{ workers: 0 }])
})

// Before PostgreSQL 18 nobody counts them.
describe.runIf(mainMajor >= 18)("parallel workers of the server", () => {
  it.each([
    [false, "are used to compare a shuffled heap in one pass"],
    [true, "are left to the application with --nice"],
  ])("nice %s: %s", async (nice) => {
    await using database = await createDatabase("nice")
    await createTruth(database, 20_000)
    await shuffleHeap(database)
    await database.query(`alter database ${database.name} set min_parallel_table_scan_size = '1MB'`)
    await database.query(`alter database ${database.name} set parallel_setup_cost = 0`)
    await using open = await services(database)
    const workers = async (): Promise<number> => {
      const [row] = await database.query<{ n: number }>(
        "select parallel_workers_launched::int as n from pg_stat_database where datname = current_database()",
      )
      return row?.n ?? -1
    }
    const before = await workers()
    const run = await launchRun(open, { table: "t", by: "d", options: { ...quick, nice } })
    {
      await using _ = await worker(open, run.id)
      const status = await waitForStatus(open, run.id, (one) => one.run.state === "cleanup")
      expect(status.partitions.every((one) => one.equal)).toBe(true)
    }
    const after = await workers()
    expect(after - before > 0).toBe(!nice)
  })
})
