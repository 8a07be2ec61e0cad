import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { runOptionsSchema } from "../../src/config/runOptions.ts"
import { parseTableName } from "../../src/domain/tableName.ts"
import { abort } from "../../src/runtime/commands/abort.ts"
import { openGate } from "../../src/runtime/commands/attach.ts"
import { cleanupNow } from "../../src/runtime/commands/cleanup.ts"
import { plan } from "../../src/runtime/commands/plan/plan.ts"
import { retry } from "../../src/runtime/commands/retry.ts"
import { rollback } from "../../src/runtime/commands/rollback.ts"
import { verify } from "../../src/runtime/commands/verify.ts"
import { readRun } from "../../src/store/runs.ts"
import { dumpCatalog } from "../support/catalogDump.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { catalogOf, contentOf, partitionsOf } from "../support/oracle.ts"
import {
  launchAndWork,
  launchRun,
  services,
  waitForStatus,
  workUntil,
  workUntilQuiet,
  worker,
} from "../support/runs.ts"
import { createTruth, differencesFromTruth, startWriters } from "../support/writers.ts"

const relabel = { strategy: "relabel", monthsAhead: 2 } as const

/** A table whose key has an index, with a key to another table. */
async function createTable(database: TestDatabase): Promise<void> {
  await database.query(`
    create table vendors (id int primary key);
    insert into vendors select generate_series(1, 9);
    create table t (id bigint generated always as identity primary key, d timestamptz, vendor int references vendors (id), v text);
    create index t_d on t (d);
    insert into t (d, vendor, v) select timestamptz '2024-01-01 00:00+00' + g * interval '1 hour', 1 + g % 9, 'v' || g
    from generate_series(1, 5000) g`)
}

const atGate = (status: Awaited<ReturnType<typeof waitForStatus>>): boolean =>
  status.run.state === "attach" && status.run.control === "waiting"

/** Where the history of the one run ends. */
async function edgeOf(database: TestDatabase): Promise<string> {
  const [run] = await database.query<{ edge: string }>(
    "select blueprint -> 'boundary' ->> 'edge' as edge from cutover.runs",
  )
  if (run === undefined) throw new Error("there is no run")
  return run.edge
}

describe("a relabelled table", () => {
  it("is one partition of its history, and months ahead; no row was moved", async () => {
    await using database = await createDatabase("history")
    await using open = await services(database)
    await createTable(database)
    const before = await contentOf(database, "t")
    const [heap] = await database.query("select pg_relation_filenode('t') as file")

    const status = await launchAndWork(open, { table: "t", by: "d", options: relabel })

    expect(status.run).toMatchObject({ state: "cleanup", control: "waiting" })
    expect(await contentOf(database, "t")).toEqual(before)
    const [history, ...ahead] = (await partitionsOf(database, "t")).toSorted((a, b) => b.rows - a.rows)
    expect(history).toMatchObject({ name: "t_history", rows: 5000 })
    expect(history?.bound).toMatch(/^FOR VALUES FROM \(MINVALUE\) TO /)
    expect(ahead.map((one) => one.rows)).toEqual([0, 0])
    expect(await database.query("select pg_relation_filenode('t_history') as file")).toEqual([heap])
    expect(status.partitions.map((one) => [one.label, one.state, one.equal]).slice(0, 1)).toEqual([
      ["history", "validated", null],
    ])
    expect(status.totals).toMatchObject({ rowsCopied: 0, partitions: 3, validated: 3 })
  })

  it("is read by no scan in the swap", async () => {
    await using database = await createDatabase("noscan")
    await createTable(database)
    // What this session has read so far is told at once, and not amid the run.
    await database.query("select pg_stat_force_next_flush()")
    const scans = async (): Promise<Record<string, unknown>> => {
      const [read] = await database.query(
        "select sum(seq_scan) filter (where relname <> 'vendors')::int as scans, sum(seq_tup_read)::int as rows from pg_stat_all_tables where relname in ('t', 't_history', 'vendors')",
      )
      return read ?? {}
    }
    let runId: string
    {
      await using open = await services(database)
      const run = await launchRun(open, { table: "t", by: "d", options: { ...relabel, attach: "manual" } })
      runId = run.id
      await workUntil(open, run.id, atGate)
    }
    // Statistics of a session are written at its end at the latest.
    await sessionsGone(database)
    const atTheGate = await scans()
    {
      await using open = await services(database)
      await openGate(open, runId)
      expect((await workUntilQuiet(open, runId)).run).toMatchObject({ state: "cleanup" })
    }
    await sessionsGone(database)
    expect(await scans()).toEqual(atTheGate)
    expect(atTheGate).not.toMatchObject({ rows: 0 })
    await database.query("set enable_indexscan = off; select count(v) from t")
    await expect.poll(async () => (await scans())["rows"], { timeout: 15_000 }).toBe(Number(atTheGate["rows"]) + 5000)
  })

  it("refuses rows past the boundary until the swap, and takes them after it", async () => {
    await using database = await createDatabase("boundary")
    await using open = await services(database)
    await createTable(database)
    const run = await launchRun(open, { table: "t", by: "d", options: { ...relabel, attach: "manual" } })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, atGate)
    const late = `insert into t (d, vendor, v) values ('${await edgeOf(database)}'::timestamptz, 1, 'late')`

    await expect(database.query(late)).rejects.toMatchObject({ code: "23514" })
    await expect(database.query("insert into t (d, vendor) values (null, 1)")).rejects.toMatchObject({ code: "23514" })
    await openGate(open, run.id)
    await waitForStatus(open, run.id, (one) => one.run.state === "cleanup")

    await database.query(late)
    expect((await partitionsOf(database, "t")).map((one) => one.rows)).toEqual(expect.arrayContaining([0, 1, 5000]))
  })

  it("is seen whole by a transaction whose snapshot is older than the swap", async () => {
    await using database = await createDatabase("oldsnapshot")
    await using open = await services(database)
    await createTable(database)
    await database.query("create table other (n int)")
    const run = await launchRun(open, { table: "t", by: "d", options: { ...relabel, attach: "manual" } })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, atGate)
    const reader = await database.pool.connect()
    try {
      await reader.query("begin isolation level repeatable read; select count(*) from other")
      await openGate(open, run.id)
      await waitForStatus(open, run.id, (one) => one.run.state === "cleanup")
      await database.query("insert into t (d, vendor) values ('2024-01-01', 1)")
      expect((await reader.query("select count(*)::int from t")).rows).toEqual([{ count: 5000 }])
      await reader.query("commit")
    } finally {
      reader.release()
    }
    expect(await contentOf(database, "t")).toMatchObject({ rows: "5001" })
  })

  it("comes back with the rows that went past the boundary meanwhile", async () => {
    await using database = await createDatabase("ahead")
    await using open = await services(database)
    await createTable(database)
    const before = await dumpCatalog(database)
    const run = await launchRun(open, { table: "t", by: "d", options: relabel })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, (one) => one.run.state === "cleanup" && one.run.control === "waiting")
    const edge = await edgeOf(database)
    await database.query(
      `insert into t (d, vendor, v) select '${edge}'::timestamptz + g * interval '1 hour', 1, 'late' from generate_series(0, 299) g`,
    )
    const content = await contentOf(database, "t")

    await rollback(open, run.id, "not yet")
    await waitForStatus(open, run.id, (one) => one.run.finishedAt !== null)

    expect(await contentOf(database, "t")).toEqual(content)
    expect(await dumpCatalog(database)).toEqual(before)
    expect(await database.query("insert into t (d, vendor) values (null, 1) returning id")).toEqual([{ id: "5301" }])
  })

  it("loses nothing that writers of eleven kinds write, there and back", async () => {
    await using database = await createDatabase("relabelwrites")
    await using open = await services(database)
    await createTruth(database, 3_000)
    await using writers = await startWriters(database, 3_000, 1)
    const run = await launchRun(open, { table: "t", by: "d", options: relabel })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, (one) => one.run.state === "cleanup" && one.run.control === "waiting")
    await sleep(500)
    await rollback(open, run.id, null)
    await waitForStatus(open, run.id, (one) => one.run.finishedAt !== null)
    await sleep(200)

    const report = await writers.stop()

    expect(report.errors).toEqual([])
    expect(report.transactions).toBeGreaterThan(100)
    expect(await differencesFromTruth(database)).toEqual({ lost: 0, extra: 0 })
  })

  it("is not rolled back where too many rows are past the boundary, or one does not fit the old key", async () => {
    await using database = await createDatabase("toomany")
    await using open = await services(database)
    await createTable(database)
    const run = await launchRun(open, { table: "t", by: "d", options: relabel })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, (one) => one.run.state === "cleanup" && one.run.control === "waiting")
    const edge = await edgeOf(database)
    await database.query(`insert into t (id, d, v) overriding system value values (1, '${edge}', 'twice')`)
    const twice = await contentOf(database, "t")
    await expect(rollback(open, run.id, null)).rejects.toMatchObject({ code: "CUTOVER_ROLLBACK_UNHELD" })
    expect(await contentOf(database, "t")).toEqual(twice)

    await database.query(
      `delete from t where id = 1 and v = 'twice'; insert into t (d, v) select '${edge}', 'late' from generate_series(1, 10001)`,
    )
    await expect(rollback(open, run.id, null)).rejects.toMatchObject({ code: "CUTOVER_ROLLBACK_AHEAD" })
    await database.query("drop index t_pkey_history_unique; delete from t where v = 'late'")
    await expect(rollback(open, run.id, null)).rejects.toMatchObject({ code: "CUTOVER_NO_WAY_BACK" })
    expect(await partitionsOf(database, "t")).toHaveLength(3)
    await waitForStatus(open, run.id, (one) => one.run.state === "cleanup" && one.run.control === "waiting")
  })

  it("says who keeps its rows from being proved, and goes on afterwards", async () => {
    await using database = await createDatabase("proving")
    await using open = await services(database)
    await createTable(database)
    const run = await launchRun(open, { table: "t", by: "d", options: relabel })
    // The transaction of the CHECK lasts half a second, so that somebody can stand behind it.
    await database.query(`
      create function linger() returns trigger language plpgsql as 'begin perform pg_sleep(0.5); return new; end';
      create trigger linger before update on cutover.runs for each row
        when (old.guard_mark is null and new.guard_mark is not null) execute function linger()`)
    const vacuum = await database.pool.connect()
    try {
      await using _ = await worker(open, run.id)
      await expect
        .poll(
          async () =>
            await database.query(
              "select from pg_locks where relation = 't'::regclass and mode = 'AccessExclusiveLock' and granted",
            ),
        )
        .toHaveLength(1)
      await vacuum.query("begin; lock table t in share update exclusive mode")
      const { run: waiting } = await waitForStatus(open, run.id, (one) => one.run.control === "waiting")
      expect(waiting).toMatchObject({
        state: "prep",
        reason: expect.stringMatching(/^reading the table once waits for a lock: pid/),
      })
      await vacuum.query("commit")
      await waitForStatus(open, run.id, (one) => one.run.state === "cleanup")
    } finally {
      vacuum.release()
    }
  })

  it("gets its indexes though builds of them were cut off", async () => {
    await using database = await createDatabase("leftovers")
    await using open = await services(database)
    await createTable(database)
    const run = await launchRun(open, { table: "t", by: "d", options: relabel })
    await leaveInvalidIndexes(database)

    expect((await workUntilQuiet(open, run.id)).run).toMatchObject({ state: "cleanup", error: null })

    expect(await database.query("select pg_get_indexdef('t_pkey_history_unique'::regclass) as made")).toEqual([
      { made: "CREATE UNIQUE INDEX t_pkey_history_unique ON public.t_history USING btree (id)" },
    ])
  })

  it("loses in an abort what builds left that were cut off", async () => {
    await using database = await createDatabase("abortedleftovers")
    await using open = await services(database)
    await createTable(database)
    const before = await dumpCatalog(database)
    const run = await launchRun(open, { table: "t", by: "d", options: relabel })
    await leaveInvalidIndexes(database)

    await abort(open, run.id)

    expect(await dumpCatalog(database)).toEqual(before)
  })

  it("is as it was after an abort at the gate", async () => {
    await using database = await createDatabase("aborted")
    await using open = await services(database)
    await createTable(database)
    const before = [await dumpCatalog(database), await contentOf(database, "t")]
    const run = await launchRun(open, { table: "t", by: "d", options: { ...relabel, attach: "manual" } })
    const { run: waiting } = await workUntil(open, run.id, atGate)
    expect(waiting.reason).toMatch(/^ready to attach: every row is proved to be of the history; open the gate/)
    for (const partition of ["history", "2024-01"])
      await expect(retry(open, run.id, { partition })).rejects.toMatchObject({ code: "CUTOVER_STEP_NOT_ALLOWED" })
    expect(await readRun(open.database, run.id)).toMatchObject({ state: "attach", control: "waiting" })

    await abort(open, run.id)

    expect([await dumpCatalog(database), await contentOf(database, "t")]).toEqual(before)
    expect(
      (await catalogOf(database)).filter((line) => / public\./.test(line) && /cutover|_20\d\d/.test(line)),
    ).toEqual([])
  })

  it("halts where somebody takes away what the swap relies on", async () => {
    await using database = await createDatabase("unproven")
    await using open = await services(database)
    await createTable(database)
    const run = await launchRun(open, { table: "t", by: "d", options: { ...relabel, attach: "manual" } })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, atGate)
    await database.query("drop index t_pkey_history")
    await openGate(open, run.id)
    const { run: halted } = await waitForStatus(open, run.id, (one) => one.run.control === "halted")
    expect(halted.error).toMatchObject({ code: "CUTOVER_SOURCE_CHANGED" })
    expect(halted.reason).toMatch(/index t_pkey_history: gone/)
  })

  it("ends its run without dropping anything, and is not launched again", async () => {
    await using database = await createDatabase("ended")
    await using open = await services(database)
    await createTable(database)
    const before = await contentOf(database, "t")
    const { run } = await launchAndWork(open, { table: "t", by: "d", options: { ...relabel, dropLegacy: "auto" } })
    await expect(verify(open, run.id)).rejects.toMatchObject({ code: "CUTOVER_STEP_NOT_ALLOWED" })

    await cleanupNow(open, run.id, { beforeWindow: true, reason: "sure" })

    expect(await readRun(open.database, run.id)).toMatchObject({ state: "done", legacyTable: null })
    expect(await contentOf(database, "t")).toEqual(before)
    await expect(launchRun(open, { table: "t", by: "d" })).rejects.toMatchObject({
      code: "CUTOVER_ALREADY_PARTITIONED",
      hint: "To split that into months: cutover launch public.t_history --by <column>",
    })
  })

  it("ends by itself at the end of the fallback window, at once where there is none", async () => {
    await using database = await createDatabase("nowindow")
    await using open = await services(database)
    await createTable(database)
    const run = await launchRun(open, { table: "t", by: "d", options: { ...relabel, fallbackWindowMs: 0 } })
    const status = await workUntil(open, run.id, (one) => one.run.finishedAt !== null)
    expect(status.run).toMatchObject({ state: "done" })
    expect(await contentOf(database, "t")).toMatchObject({ rows: "5000" })
  })

  it("is planned with its price, and refused where the last key cannot be found", async () => {
    await using database = await createDatabase("price")
    await using open = await services(database)
    await createTable(database)
    const request = (options: object) => ({
      table: parseTableName("t"),
      by: "d",
      options: runOptionsSchema.parse({ ...relabel, ...options }),
      isOptedIn: true,
    })
    const planned = await plan(open, request({}))
    expect(planned.strategy).toMatchObject({ name: "relabel" })
    expect(
      planned.partitions.map((one) => [one.label === "history", one.from === "MINVALUE", one.rowsEstimated]),
    ).toEqual([
      [true, true, 5000],
      [false, false, 0],
      [false, false, 0],
    ])
    const price = planned.findings.find((one) => one.code === "CUTOVER_RELABEL_BOUNDARY")
    expect(price).toMatchObject({ level: "warn", message: expect.stringContaining(planned.partitions[0]?.to ?? "?") })

    await database.query(`
      drop index t_d;
      insert into t (d, v) select timestamptz '2024-01-01 00:00+00', repeat(md5(g::text), 30) from generate_series(1, 26000) g`)
    const blocked = (await plan(open, request({}))).findings.filter((one) => one.level === "block")
    expect(blocked.map((one) => one.code)).toEqual(["CUTOVER_RELABEL_BOUNDARY"])
    const status = await launchAndWork(open, { table: "t", by: "d", options: { ...relabel, ensureIndexes: [["d"]] } })
    expect(status.run).toMatchObject({ state: "cleanup" })
  })
})

async function sessionsGone(database: TestDatabase): Promise<void> {
  await expect
    .poll(
      async () =>
        await database.query(
          "select application_name from pg_stat_activity where datname = current_database() and application_name like 'cutover/%'",
        ),
      { timeout: 10_000 },
    )
    .toEqual([])
}

/** What fails at the end of a build leaves an index that is not valid, as a kill in its midst does. */
async function leaveInvalidIndexes(database: TestDatabase): Promise<void> {
  for (const name of ["t_pkey_history", "t_pkey_history_unique"])
    await expect(database.query(`create unique index concurrently ${name} on t (vendor)`)).rejects.toMatchObject({
      code: "23505",
    })
}
