import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { abort } from "../../src/runtime/commands/abort.ts"
import { openGate } from "../../src/runtime/commands/attach.ts"
import { rollback } from "../../src/runtime/commands/rollback.ts"
import { createDatabase } from "../support/database.ts"
import { partitionsOf } from "../support/oracle.ts"
import { randomOf } from "../support/random.ts"
import {
  launchAndWork,
  launchRun,
  services,
  waitForStatus,
  workUntil,
  workUntilQuiet,
  worker,
} from "../support/runs.ts"
import { createTruth, differencesFromTruth, moveFar, startWriters } from "../support/writers.ts"

const capture = { writes: "capture", batchTargetMs: 50 } as const

describe("live writes", () => {
  it("are all there after the swap: nothing lost, nothing extra, nothing stale, and no client saw an error", async () => {
    const { seed } = randomOf(process.env.CUTOVER_TEST_SEED)
    const rows = 40_000
    await using database = await createDatabase("live")
    await using open = await services(database)
    await createTruth(database, rows)
    await using writers = await startWriters(database, rows, seed)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    await workUntil(open, run.id, (one) => one.run.state !== "prep")
    await moveFar(database)
    const status = await workUntilQuiet(open, run.id)
    await sleep(300)
    const report = await writers.stop()
    expect(report.errors, `seed ${seed}`).toEqual([])
    expect(status.run, `seed ${seed}`).toMatchObject({ state: "cleanup", error: null })
    expect(await differencesFromTruth(database), `seed ${seed}, ${report.transactions} transactions`).toEqual({
      lost: 0,
      extra: 0,
    })
    expect((await partitionsOf(database, "t")).filter((one) => one.rows > 0).length).toBeGreaterThanOrEqual(12)
  })

  it("would be lost without the change log, and the run halts before the swap instead of losing them", async () => {
    const { seed } = randomOf(process.env.CUTOVER_TEST_SEED)
    const rows = 40_000
    await using database = await createDatabase("norepair")
    await using open = await services(database)
    await createTruth(database, rows)
    await using writers = await startWriters(database, rows, seed)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    const log = `cutover.changes_${run.id.toLowerCase()}`
    const quiet = new AbortController()
    const forget = async (): Promise<void> => {
      for (let n = 1; !quiet.signal.aborted; n++) {
        await database.query(`delete from ${log}`).catch(() => {})
        // Whoever reads it would else go through all that was forgotten.
        if (n % 25 === 0) await database.query(`vacuum ${log}`).catch(() => {})
        await sleep(20)
      }
    }
    const forgetting = forget()
    const status = await workUntilQuiet(open, run.id)
    quiet.abort()
    await forgetting
    await writers.stop()
    expect(status.run.control).toBe("halted")
    // Either a month differs, or a row that was copied twice keeps its key from being built.
    expect([status.run.error?.code, status.run.error?.details["sqlState"]], `seed ${seed}`).toSatisfy(
      ([code, sqlState]) => code === "CUTOVER_DIFFERENT" || sqlState === "23505",
    )
    expect(status.attach.swappedAt).toBeNull()
    expect(await differencesFromTruth(database)).toEqual({ lost: 0, extra: 0 })
  })

  it("that truncate the table in the middle leave it empty but for what came afterwards", async () => {
    await using database = await createDatabase("truncate")
    await using open = await services(database)
    await createTruth(database, 20_000)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    await workUntil(open, run.id, (status) => status.totals.copied >= 3)
    await database.query("begin; truncate t; truncate truth; commit")
    await database.query("insert into t values (1, 'after', '2024-02-02', 1, 'n'), (2, 'after', '2024-12-12', 1, 'n')")
    await database.query("insert into truth select * from t")
    const status = await workUntilQuiet(open, run.id)
    expect(status.run).toMatchObject({ state: "cleanup", error: null })
    expect(await differencesFromTruth(database)).toEqual({ lost: 0, extra: 0 })
    expect((await partitionsOf(database, "t")).filter((one) => one.rows > 0)).toHaveLength(2)
  })

  it("to one row, thousands of times, end with its last version", async () => {
    await using database = await createDatabase("hot")
    await using open = await services(database)
    await createTruth(database, 3_000)
    const run = await launchRun(open, { table: "t", by: "d", options: { ...capture, attach: "manual" } })
    await workUntil(open, run.id, (status) => status.run.state !== "prep")
    await database.query(`do $$ begin for i in 1..3000 loop
      update t set amount = i % 1000, d = timestamptz '2024-01-01 00:00+00' + i % 365 * interval '1 day' where id = 7; end loop; end $$`)
    await database.query("delete from truth; insert into truth select * from t")
    await openGate(open, run.id)
    const status = await workUntilQuiet(open, run.id)
    expect(status.run).toMatchObject({ state: "cleanup", error: null })
    expect(await differencesFromTruth(database)).toEqual({ lost: 0, extra: 0 })
  })

  it.each([
    ["disables the trigger", "alter table t disable trigger cutover_capture_update"],
    [
      "disables and enables it again",
      "alter table t disable trigger cutover_capture_update; alter table t enable always trigger cutover_capture_update",
    ],
    ["makes it an ordinary trigger", "alter table t enable trigger cutover_capture_update"],
    ["drops the trigger", "drop trigger cutover_capture_insert on t"],
    [
      "drops the change log",
      "do $$ begin execute (select 'drop table cutover.' || quote_ident(relname) from pg_class where relname like 'changes%'); end $$",
    ],
  ])("are not trusted when somebody %s: the run halts, and can be aborted", async (_what, statement) => {
    await using database = await createDatabase("broken")
    await using open = await services(database)
    await createTruth(database, 3_000)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    await workUntil(open, run.id, (status) => status.totals.copied >= 1)
    await database.query(statement)
    const status = await workUntilQuiet(open, run.id)
    expect(status.run).toMatchObject({ control: "halted", error: { code: "CUTOVER_CAPTURE_BROKEN" } })
    expect(status.attach.swappedAt).toBeNull()
    await abort(open, run.id)
    await database.query("update t set amount = 5 where id = 1")
    expect(await database.query("select count(*)::int as n from pg_trigger where tgrelid = 't'::regclass")).toEqual([
      { n: 0 },
    ])
  })

  it("let the swap wait while a session holds an old snapshot, and say whose", async () => {
    await using database = await createDatabase("snapshot")
    await using open = await services(database)
    await createTruth(database, 2_000)
    await database.query("create table other (n int)")
    const old = await database.pool.connect()
    await old.query("set application_name = 'long report'")
    await old.query("begin isolation level repeatable read")
    await old.query("select count(*) from other")
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    await using _ = await worker(open, run.id)
    const waiting = await waitForStatus(
      open,
      run.id,
      (status) => status.run.control === "waiting" && status.run.reason?.includes("old snapshot") === true,
    )
    expect(waiting.run.reason).toContain("long report")
    expect((await old.query<{ n: string }>("select count(*) as n from t")).rows[0]?.n).toBe("2000")
    await old.query("commit")
    old.release()
    const status = await waitForStatus(open, run.id, (one) => one.run.state === "cleanup")
    expect(status.attach.swappedAt).not.toBeNull()
  })

  it("of rows that nothing tells apart are refused, with the way out", async () => {
    await using database = await createDatabase("nokey")
    await using open = await services(database)
    await database.query("create table t (d date not null, v text)")
    await expect(launchRun(open, { table: "t", by: "d", options: capture })).rejects.toMatchObject({
      code: "CUTOVER_NO_IDENTITY",
    })
    expect((await launchAndWork(open, { table: "t", by: "d" })).run.state).toBe("cleanup")
  })

  it("of rows that only a unique key of nullable columns tells apart are refused too", async () => {
    await using database = await createDatabase("nullablekey")
    await using open = await services(database)
    await database.query("create table t (id int unique, d date not null, v text)")
    await expect(
      launchRun(open, { table: "t", by: "d", options: { ...capture, nullKeys: "refuse" } }),
    ).rejects.toMatchObject({
      details: {
        findings: expect.arrayContaining([expect.objectContaining({ code: "CUTOVER_NO_IDENTITY" })]) as unknown,
      },
    })
  })

  it("are not captured beside a trigger of the same name: it is refused before anything is touched", async () => {
    await using database = await createDatabase("samename")
    await using open = await services(database)
    await createTruth(database, 10)
    await database.query(`
      create function mine() returns trigger language plpgsql as 'begin return new; end';
      create trigger cutover_capture_insert before insert on t for each row execute function mine()`)
    await expect(launchRun(open, { table: "t", by: "d", options: capture })).rejects.toMatchObject({
      code: "CUTOVER_NAME_TAKEN",
      message: expect.stringContaining("cutover_capture_insert") as string,
    })
  })

  it("of rows without a partition key go to the default partition, and out of it when they get one", async () => {
    await using database = await createDatabase("nullkeys")
    await using open = await services(database)
    await database.query(`
      create table t (id int primary key, d date, v text);
      insert into t select g, case when g % 10 = 0 then null else date '2024-01-01' + g % 90 end, 'v' from generate_series(1, 2000) g`)
    const options = { ...capture, nullKeys: "default-partition", primaryKey: "extend", attach: "manual" } as const
    const run = await launchRun(open, { table: "t", by: "d", options })
    await workUntil(open, run.id, (status) => status.totals.copied >= 1)
    await database.query(`
      update t set d = '2024-02-02' where id in (10, 20);
      update t set d = null where id in (1, 2);
      update t set v = 'changed' where id in (30, 40);
      delete from t where id in (50, 3);
      insert into t values (-1, null, 'new'), (-2, '2024-03-03', 'new')`)
    await workUntil(open, run.id, (status) => status.run.control === "waiting")
    await database.query("update t set d = null where id = 4; update t set d = '2024-01-05' where id = 60")
    const before = await database.query("select * from t order by id")
    await openGate(open, run.id)
    expect((await workUntilQuiet(open, run.id)).run).toMatchObject({ state: "cleanup", error: null })
    expect(await database.query("select * from t order by id")).toEqual(before)
    expect(await database.query("select count(*)::int as n from t_default")).toEqual([
      { n: before.filter((row) => row["d"] === null).length },
    ])
    await database.query("update t set d = null where id = 5; delete from t where id = 70")
    const after = await database.query("select * from t order by id")
    await rollback(open, run.id, null)
    expect(await database.query("select * from t order by id")).toEqual(after)
  })
})
