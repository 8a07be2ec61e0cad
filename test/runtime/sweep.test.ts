import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { abort } from "../../src/runtime/commands/abort.ts"
import { pause } from "../../src/runtime/commands/pause.ts"
import { resume } from "../../src/runtime/commands/resume.ts"
import { retry } from "../../src/runtime/commands/retry.ts"
import { compareMonths } from "../../src/steps/validate/compareMonths.ts"
import { readRecords } from "../../src/store/log.ts"
import { readPartitions } from "../../src/store/partitions.ts"
import { readRun } from "../../src/store/runs.ts"
import { createDatabase } from "../support/database.ts"
import { catalogOf, contentOf, partitionsOf } from "../support/oracle.ts"
import { randomOf } from "../support/random.ts"
import { launchRun, services, waitForStatus, workUntil, workUntilQuiet, worker } from "../support/runs.ts"
import { createTruth, differencesFromTruth, shuffleHeap, startWriters } from "../support/writers.ts"

const capture = { writes: "capture", batchTargetMs: 20 } as const

describe("a shuffled heap", () => {
  it("is swept once, with progress by month, and every month is proved in one pass", async () => {
    await using database = await createDatabase("sweep")
    await using open = await services(database)
    await createTruth(database, 30_000)
    await shuffleHeap(database)
    const before = await contentOf(database, "t")
    const run = await launchRun(open, { table: "t", by: "d", options: { batchTargetMs: 20 } })
    await using _ = await worker(open, run.id)
    const amid = await waitForStatus(open, run.id, (one) => Number(one.totals.rowsCopied) > 0)
    expect(amid.run.state).toBe("copy")
    expect(amid.partitions.filter((one) => one.state === "copying").length).toBeGreaterThan(6)
    const status = await waitForStatus(open, run.id, (one) => one.run.state === "cleanup")
    expect(await contentOf(database, "t")).toEqual(before)
    const rows = new Map((await partitionsOf(database, "t")).map((one) => [`public.${one.name}`, one.rows]))
    expect(status.partitions.map((one) => [one.table, one.rowsCopied, one.equal])).toEqual(
      status.partitions.map((one) => [one.table, rows.get(one.table), true]),
    )
    const prepared = (await readRecords(open.database, run.id, 0)).find((one) => one.kind === "prep.completed")
    expect(prepared?.data).toMatchObject({ strategy: "sweep" })
    expect((await catalogOf(database)).filter((line) => line.includes("loading_"))).toEqual([])
  })

  it("is swept with progress by month, too, where the server counts no rows", async () => {
    await using database = await createDatabase("uncounted")
    await database.query(`alter database "${database.name}" set track_counts = off`)
    await using open = await services(database)
    await createTruth(database, 5_000)
    await shuffleHeap(database)
    const run = await launchRun(open, { table: "t", by: "d", options: { batchTargetMs: 20 } })
    const status = await workUntilQuiet(open, run.id)
    const rows = new Map((await partitionsOf(database, "t")).map((one) => [`public.${one.name}`, one.rows]))
    expect(status.totals.rowsCopied).toBe(5_000)
    expect(status.partitions.map((one) => [one.table, one.rowsCopied])).toEqual(
      status.partitions.map((one) => [one.table, rows.get(one.table)]),
    )
  })

  it("is swept under writers, who lose nothing", async () => {
    const { seed } = randomOf(process.env.CUTOVER_TEST_SEED)
    await using database = await createDatabase("sweepwrites")
    await using open = await services(database)
    await createTruth(database, 40_000)
    await shuffleHeap(database)
    await using writers = await startWriters(database, 40_000, seed)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    const status = await workUntilQuiet(open, run.id)
    await sleep(300)
    const report = await writers.stop()
    expect(report.errors, `seed ${seed}`).toEqual([])
    expect(status.run, `seed ${seed}`).toMatchObject({ state: "cleanup", error: null })
    expect(await differencesFromTruth(database), `seed ${seed}`).toEqual({ lost: 0, extra: 0 })
  })

  it("is compared without a row that waits under another month than its own, on both sides alike", async () => {
    await using database = await createDatabase("sweepwaits")
    await using open = await services(database)
    await createTruth(database, 3_000)
    await shuffleHeap(database)
    const run = await launchRun(open, { table: "t", by: "d", options: { ...capture, attach: "manual" } })
    await workUntil(open, run.id, (one) => one.run.reason?.includes("open the gate") === true)
    const partitions = await readPartitions(open.database, run.id)
    const before = await compareMonths(open.database, await readRun(open.database, run.id), partitions)
    // As a move from January to May leaves it when January was replayed before it, and May after it.
    await database.query(`
      insert into cutover.changes_${run.id.toLowerCase()} select id, '2024-01-15' from t where d > '2024-05-10' order by d limit 1`)
    const after = await compareMonths(open.database, await readRun(open.database, run.id), partitions)
    const rowsOf = (found: typeof after): (readonly unknown[])[] =>
      [...found].map(([label, one]) => [label, Number(one.sourceRows), Number(one.targetRows), one.equal])
    const withoutIt = rowsOf(before).map(([label, source, target, equal]) =>
      label === "2024-05" ? [label, Number(source) - 1, Number(target) - 1, equal] : [label, source, target, equal],
    )
    expect(rowsOf(before).every(([, , , equal]) => equal)).toBe(true)
    expect(rowsOf(after)).toEqual(withoutIt)
  })

  it("can be paused amid the sweep, goes on from the checkpoints of its stripes, and can be aborted", async () => {
    await using database = await createDatabase("sweeppause")
    await using open = await services(database)
    await createTruth(database, 30_000)
    await shuffleHeap(database)
    const before = (await catalogOf(database)).filter((line) => !line.includes("cutover"))
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, (one) => Number(one.totals.rowsCopied) > 0)
    expect(await pause(open, run.id, { reason: "lunch", forMs: null })).toMatchObject({
      state: "copy",
      control: "paused",
    })
    const progress = "select n, next_block from cutover.stripes order by n"
    const atPause = await database.query(progress)
    await sleep(300)
    expect(await database.query(progress)).toEqual(atPause)
    await resume(open, run.id)
    await waitForStatus(open, run.id, (one) => one.totals.copied >= 2)
    await abort(open, run.id)
    expect((await catalogOf(database)).filter((line) => !line.includes("cutover"))).toEqual(before)
    expect((await catalogOf(database)).filter((line) => line.includes("loading_"))).toEqual([])
  })

  it("halts when a month differs, names the rows, and copies that month anew", async () => {
    await using database = await createDatabase("sweepdiffers")
    await using open = await services(database)
    await createTruth(database, 6_000)
    await shuffleHeap(database)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    await workUntil(open, run.id, (one) =>
      one.partitions.some((each) => each.label === "2024-03" && each.state === "copied"),
    )
    await database.query("update t_2024_03 set note = 'other' where id = (select min(id) from t_2024_03)")
    const halted = await workUntilQuiet(open, run.id)
    expect(halted.run).toMatchObject({ state: "validate", control: "halted", error: { code: "CUTOVER_DIFFERENT" } })
    expect(halted.run.error?.message).toMatch(/2024-03 .* 0 missing, 0 extra, 1 changed: changed id \d+/)
    await retry(open, run.id, { partition: "2024-03" })
    expect((await workUntilQuiet(open, run.id)).run).toMatchObject({ state: "cleanup", error: null })
    expect(await differencesFromTruth(database)).toEqual({ lost: 0, extra: 0 })
  })
})

it("a heap in order is copied month by month", async () => {
  await using database = await createDatabase("ordered")
  await using open = await services(database)
  await createTruth(database, 30_000)
  const run = await launchRun(open, { table: "t", by: "d", options: { attach: "manual" } })
  await workUntil(open, run.id, (one) => one.run.control === "waiting")
  const prepared = (await readRecords(open.database, run.id, 0)).find((one) => one.kind === "prep.completed")
  expect(prepared?.data).toMatchObject({ strategy: "months" })
})
