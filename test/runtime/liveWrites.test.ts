import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { createDatabase } from "../support/database.ts"
import { partitionsOf } from "../support/oracle.ts"
import { randomOf } from "../support/random.ts"
import { launchRun, services, workUntilQuiet } from "../support/runs.ts"
import { createTruth, differencesFromTruth, startWriters } from "../support/writers.ts"

const capture = { writes: "capture", batchTargetMs: 50 } as const

describe("live writes", () => {
  it("are all there after the swap: nothing lost, nothing extra, nothing stale, and no client saw an error", { timeout: 120_000 }, async () => {
    const { seed } = randomOf(process.env.CUTOVER_TEST_SEED)
    const rows = 40_000
    await using database = await createDatabase("live")
    await using open = await services(database)
    await createTruth(database, rows)
    await using writers = await startWriters(database, rows, seed)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    const status = await workUntilQuiet(open, run.id)
    await sleep(300)
    const report = await writers.stop()
    expect(report.errors, `seed ${seed}`).toEqual([])
    expect(status.run, `seed ${seed}`).toMatchObject({ state: "cleanup", error: null })
    expect(await differencesFromTruth(database), `seed ${seed}, ${report.transactions} transactions`).toEqual({ lost: 0, extra: 0 })
    expect((await partitionsOf(database, "t")).filter((one) => one.rows > 0).length).toBeGreaterThanOrEqual(12)
  })
})
