import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { abort } from "../../src/runtime/commands/abort.ts"
import { cleanupNow } from "../../src/runtime/commands/cleanup.ts"
import { pause } from "../../src/runtime/commands/pause.ts"
import { resume } from "../../src/runtime/commands/resume.ts"
import { retry } from "../../src/runtime/commands/retry.ts"
import { readRecords } from "../../src/store/log.ts"
import { readStatus } from "../../src/store/status.ts"
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

/** Twelve months of rows wide enough that a month takes many batches of 20 ms. */
async function createTable(database: TestDatabase, rows = 60_000): Promise<void> {
  await database.query(`
    create table t (id bigint generated always as identity primary key, d timestamp not null, amount numeric(10, 2), note text);
    insert into t (d, amount, note)
    select timestamp '2024-01-01' + g * (interval '366 days' / ${rows + 1}), g / 100.0, repeat(md5(g::text), 4)
    from generate_series(1, ${rows}) g`)
}

describe("stopping and going on", () => {
  it("pauses in the middle of the copy with nothing under way, and goes on from the checkpoints", async () => {
    await using database = await createDatabase("pause")
    await using open = await services(database)
    await createTable(database)
    const before = await contentOf(database, "t")
    const run = await launchRun(open, { table: "t", by: "d" })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, (status) => status.totals.copied >= 3)

    const paused = await pause(open, run.id, { reason: "lunch", forMs: null })

    expect(paused).toMatchObject({ control: "paused", reason: "lunch" })
    const progress = "select label, state, rows_copied, batches, next_block from cutover.partitions order by label"
    const atPause = await database.query(progress)
    await sleep(300)
    expect(await database.query(progress)).toEqual(atPause)

    await resume(open, run.id)
    const status = await waitForStatus(
      open,
      run.id,
      (one) => one.run.state === "cleanup" && one.run.control === "waiting",
    )
    expect(await contentOf(database, "t")).toEqual(before)
    const attempts = status.partitions.map((one) => one.attempts)
    expect(new Set(attempts)).toEqual(new Set([1]))
    const records = await readRecords(open.database, run.id, 0)
    const copied = records.filter((one) => one.kind === "partition.copied").map((one) => one.partition)
    expect(new Set(copied).size).toBe(copied.length)
    expect(records.map((one) => one.kind)).toEqual(expect.arrayContaining(["run.paused", "run.resumed"]))
  })

  it("pauses in every step, and resumes in each", async () => {
    await using database = await createDatabase("pauses")
    await using open = await services(database)
    await createTable(database, 5_000)
    const before = await contentOf(database, "t")
    const run = await launchRun(open, { table: "t", by: "d" })
    const seen = new Set<string>()
    const deadline = Date.now() + 50_000
    for (;;) {
      await using _ = await worker(open, run.id)
      await sleep(Math.random() * 120)
      const { state } = await pause(open, run.id, { reason: null, forMs: null })
      seen.add(state)
      if (state === "cleanup" || Date.now() > deadline) break
      await resume(open, run.id)
    }
    expect((await resume(open, run.id)).control).toBe("waiting")
    expect(seen).toContain("copy")
    expect(await contentOf(database, "t")).toEqual(before)
  })

  it("resumes by itself after a pause for a while", async () => {
    await using database = await createDatabase("for")
    await using open = await services(database)
    await createTable(database, 3_000)
    const run = await launchRun(open, { table: "t", by: "d" })
    await pause(open, run.id, { reason: "a moment", forMs: 300 })
    expect((await readStatus(open.database, run.id)).run.control).toBe("paused")
    expect((await workUntilQuiet(open, run.id)).run.state).toBe("cleanup")
  })

  it("aborts before the swap and leaves the catalog as it was", async () => {
    await using database = await createDatabase("abort")
    await using open = await services(database)
    await createTable(database, 20_000)
    await launchAndAbortNothing(database)
    const before = (await catalogOf(database)).filter((line) => !line.includes("cutover"))
    const content = await contentOf(database, "t")
    const run = await launchRun(open, { table: "t", by: "d" })
    await workUntil(open, run.id, (status) => status.totals.copied >= 2)
    const aborted = await abort(open, run.id)
    expect(aborted).toMatchObject({ state: "aborted" })
    expect((await catalogOf(database)).filter((line) => !line.includes("cutover"))).toEqual(before)
    expect(await contentOf(database, "t")).toEqual(content)
    await database.query("insert into t (d) values ('2024-01-01')")
    expect((await launchAndWork(open, { table: "t", by: "d" })).run.state).toBe("cleanup")
    await expect(abort(open, run.id)).rejects.toMatchObject({ code: "CUTOVER_STEP_NOT_ALLOWED" })
  })

  it("halts before the swap when a month differs, does not forget it, and mends it by copying the month anew", async () => {
    await using database = await createDatabase("differs")
    await using open = await services(database)
    await createTable(database, 5_000)
    const before = await contentOf(database, "t")
    const run = await launchRun(open, { table: "t", by: "d", options: { attach: "manual" } })
    await workUntil(open, run.id, (status) => status.run.state === "attach" && status.run.control === "waiting")
    // Two amounts exchanged: count and sum stay as they were.
    await database.query(`
      with two as (select id, amount, row_number() over (order by id) as n from t_2024_03 limit 2)
      update t_2024_03 t set amount = other.amount from two join two other on other.n <> two.n where t.id = two.id`)
    await database.query("update cutover.partitions set state = 'copied', equal = null where label = '2024-03'")
    await database.query(
      "update cutover.runs set snapshot = jsonb_set(snapshot, '{value,step}', '\"validate\"'), state = 'validate'",
    )
    await pause(open, run.id, { reason: null, forMs: null })
    await resume(open, run.id)

    const halted = await workUntilQuiet(open, run.id)

    expect(halted.run).toMatchObject({ state: "validate", control: "halted", error: { code: "CUTOVER_DIFFERENT" } })
    expect(halted.partitions.find((one) => one.label === "2024-03")).toMatchObject({ state: "copied", equal: false })
    await resume(open, run.id)
    expect((await workUntilQuiet(open, run.id)).run).toMatchObject({
      control: "halted",
      error: { code: "CUTOVER_DIFFERENT" },
    })

    await retry(open, run.id, { partition: "2024-03" })
    const gate = await workUntil(open, run.id, (status) => status.run.control === "waiting")
    expect(gate.run.state).toBe("attach")
    expect(gate.partitions.find((one) => one.label === "2024-03")).toMatchObject({ equal: true, attempts: 2 })
    await database.query("update cutover.runs set gate_opened_at = now()")
    await pause(open, run.id, { reason: null, forMs: null })
    await resume(open, run.id)
    await workUntilQuiet(open, run.id)
    expect(await contentOf(database, "t")).toEqual(before)
    expect(await partitionsOf(database, "t")).toHaveLength(19)
  })

  it("waits for a long reader before the swap, names it, and swaps right after it ends", async () => {
    await using database = await createDatabase("reader")
    await using open = await services(database)
    await createTable(database, 2_000)
    const run = await launchRun(open, { table: "t", by: "d" })
    const reader = await database.pool.connect()
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, (status) => status.totals.partitions > 0)
    await reader.query("set application_name = 'nightly report'; begin; select count(*) from t")
    const waiting = await waitForStatus(
      open,
      run.id,
      (status) => status.run.control === "waiting" && status.run.reason?.includes("nightly report") === true,
    )
    expect(waiting.run.reason).toMatch(/pid \d+/)
    await reader.query("commit")
    reader.release()
    const status = await waitForStatus(open, run.id, (one) => one.run.state === "cleanup")
    expect(status.attach.swappedAt).not.toBeNull()
  })

  it("keeps the legacy table until the window is over, never drops it with CASCADE, and says what depends on it", async () => {
    await using database = await createDatabase("cleanup")
    await using open = await services(database)
    await createTable(database, 1_000)
    const { run } = await launchAndWork(open, { table: "t", by: "d" })
    await expect(cleanupNow(open, run.id, { beforeWindow: false, reason: null })).rejects.toMatchObject({
      code: "CUTOVER_FALLBACK_OPEN",
    })
    await database.query("create view on_legacy as select * from t_legacy")
    await expect(cleanupNow(open, run.id, { beforeWindow: true, reason: "test" })).rejects.toMatchObject({
      code: "CUTOVER_LEGACY_IN_USE",
      message: expect.stringContaining("on_legacy") as string,
    })
    await database.query("drop view on_legacy")
    const done = await cleanupNow(open, run.id, { beforeWindow: true, reason: "test" })
    expect(done).toMatchObject({ state: "done" })
    expect(await database.query("select to_regclass('t_legacy') as legacy")).toEqual([{ legacy: null }])
    expect((await contentOf(database, "t")).rows).toBe("1000")
  })

  it("halts when the table's definition changes in the middle, with the difference, and swaps nothing", async () => {
    await using database = await createDatabase("drift")
    await using open = await services(database)
    await createTable(database, 3_000)
    const run = await launchRun(open, { table: "t", by: "d" })
    await workUntil(open, run.id, (status) => status.totals.copied >= 1)
    await database.query("alter table t add column surprise int")
    const halted = await workUntilQuiet(open, run.id)
    expect(halted.run).toMatchObject({ control: "halted", error: { code: "CUTOVER_SOURCE_CHANGED" } })
    expect(halted.run.error?.message).toContain("column surprise: new")
    expect(halted.attach.swappedAt).toBeNull()
  })
})

/** Installs our schemas, so that a comparison of catalogs sees the run alone. */
async function launchAndAbortNothing(database: TestDatabase): Promise<void> {
  await using open = await services(database)
  await database.query("create table other (d date primary key)")
  const run = await launchRun(open, { table: "other", by: "d" })
  await abort(open, run.id)
}
