import { setTimeout as sleep } from "node:timers/promises"
import { rollback as rollBack } from "../../src/runtime/commands/rollback.ts"
import { createDatabase } from "../../test/support/database.ts"
import { launchRun, services, waitForStatus, worker } from "../../test/support/runs.ts"
import { randomOf } from "../../test/support/random.ts"
import { createTruth, startWriters } from "../../test/support/writers.ts"
import type { Scenario } from "../Scenario.ts"
import { judge } from "../judge.ts"

/** Writers through a run, its swap, a while with the new table, the rollback, and a while with the old one. */
export const rollback: Scenario = {
  id: "D2",
  name: "rollback",
  says: "a rollback under live writes: nothing lost both ways",
  seeds: { quick: 1, usual: 10, full: 20 },
  run: async (server, seed, { rows }) => {
    const { random } = randomOf(String(seed))
    await using database = await createDatabase("torture", server.url)
    await using open = await services(database)
    await createTruth(database, rows)
    await using writers = await startWriters(database, rows, seed)
    const run = await launchRun(open, { table: "t", by: "d", options: { writes: "capture", batchTargetMs: 50 } })
    await using _ = await worker(open, run.id)
    const swapped = await waitForStatus(open, run.id, (one) => one.run.state === "cleanup")
    await sleep(200 + random() * 2_500)
    const { lockHeldMs } = await rollBack(open, run.id, `seed ${seed}`)
    const status = await waitForStatus(open, run.id, (one) => one.run.finishedAt !== null)
    await sleep(300)
    return await judge(database, await writers.stop(), {
      wanted: "rolledBack",
      status,
      ms: { lockHeld: swapped.attach.lockHeldMs ?? Number.NaN, lockHeldBack: lockHeldMs },
    })
  },
}
