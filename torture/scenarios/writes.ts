import { setTimeout as sleep } from "node:timers/promises"
import { createDatabase } from "../../test/support/database.ts"
import { launchRun, services, workUntil, workUntilQuiet } from "../../test/support/runs.ts"
import { createTruth, moveFar, shuffleHeap, startWriters } from "../../test/support/writers.ts"
import type { Scenario } from "../Scenario.ts"
import { judge } from "../judge.ts"

/** Writers of every kind through a whole run; then the table is compared with what they wrote in the same transactions. */
export const writes: Scenario = {
  id: "D1",
  name: "writes",
  says: "live writes through a whole run: nothing lost, extra or stale, no error seen by a client",
  seeds: { quick: 1, usual: 10, full: 20 },
  run: async (server, seed, { rows }) => {
    await using database = await createDatabase("torture", server.url)
    await using open = await services(database)
    await createTruth(database, rows)
    // Every third table is shuffled, and so swept.
    if (seed % 3 === 0) await shuffleHeap(database)
    await using writers = await startWriters(database, rows, seed)
    const run = await launchRun(open, { table: "t", by: "d", options: { writes: "capture", batchTargetMs: 50 } })
    await workUntil(open, run.id, (one) => one.run.state !== "prep")
    await moveFar(database)
    const status = await workUntilQuiet(open, run.id)
    await sleep(300)
    return await judge(database, await writers.stop(), {
      wanted: "cleanup",
      status,
      ms: { lockHeld: status.attach.lockHeldMs ?? Number.NaN },
    })
  },
}
