import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { createDatabase } from "../support/database.ts"
import { launchRun, services, waitForStatus, worker } from "../support/runs.ts"
import { createTruth, differencesFromTruth } from "../support/writers.ts"
import { FaultProxy } from "../support/wire/faultProxy.ts"

/** The first statement that takes a lock which clients wait for, by the lock's mode. */
const modes = ["share row exclusive", "access exclusive"] as const

describe("a worker that stops under a lock", () => {
  it.each(modes)("lets go of %s within a second, and the run goes on when it wakes up", async (mode) => {
    await using database = await createDatabase("stopped")
    await createTruth(database, 500)
    const stopped = Promise.withResolvers<void>()
    const stop = async (): Promise<void> => {
      stopped.resolve()
      await sleep(3_000)
    }
    let isFirst = true
    await using proxy = await FaultProxy.start(database.url, ({ text }) => {
      if (!isFirst || !text.includes(`in ${mode} mode`)) return undefined
      isFirst = false
      return { type: "hold", when: "after", until: stop }
    })
    await using open = await services({ ...database, url: proxy.url })
    const run = await launchRun(open, { table: "t", by: "d", options: { writes: "capture" } })
    await using _ = await worker(open, run.id)
    await stopped.promise
    const startedAt = performance.now()
    await database.query(
      "with changed as (update t set amount = 1 where id = 7 returning *) update truth set amount = 1 where id = 7",
    )
    expect(performance.now() - startedAt).toBeLessThan(1_500)
    await waitForStatus(open, run.id, (one) => one.run.state === "cleanup")
    expect(await differencesFromTruth(database)).toEqual({ lost: 0, extra: 0 })
  })
})
