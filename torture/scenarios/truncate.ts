import { setTimeout as sleep } from "node:timers/promises"
import { rollback } from "../../src/runtime/commands/rollback.ts"
import { createDatabase } from "../../test/support/database.ts"
import { randomOf } from "../../test/support/random.ts"
import { launchRun, services, waitForStatus, worker } from "../../test/support/runs.ts"
import { createTruth, shuffleHeap, startWriters, truncateBoth } from "../../test/support/writers.ts"
import type { Scenario } from "../Scenario.ts"
import { judge } from "../judge.ts"

/** Somebody empties the table now and then, in the middle of everything; every second seed is rolled back in the end. */
export const truncate: Scenario = {
  id: "D3",
  name: "truncate",
  says: "TRUNCATE at random moments, before the swap and after it: nothing lost, nothing risen from the dead",
  seeds: { quick: 1, usual: 5, full: 20 },
  run: async (server, seed, { rows }) => {
    const { random } = randomOf(String(seed))
    await using database = await createDatabase("torture", server.url)
    await using open = await services(database)
    await createTruth(database, rows)
    if (seed % 3 === 0) await shuffleHeap(database)
    await using writers = await startWriters(database, rows, seed)
    const run = await launchRun(open, { table: "t", by: "d", options: { writes: "capture", batchTargetMs: 50 } })
    await using _ = await worker(open, run.id)
    for (let n = 0; n < 3; n++) {
      await sleep(random() * 500)
      await truncateBoth(database)
    }
    const swapped = await waitForStatus(
      open,
      run.id,
      (one) => one.run.state === "cleanup" || one.run.control === "halted",
    )
    await sleep(random() * 1_000)
    await truncateBoth(database)
    const isRolledBack = seed % 2 === 0
    if (isRolledBack) await rollback(open, run.id, `seed ${seed}`)
    await sleep(500)
    const report = await writers.stop()
    const status = await waitForStatus(open, run.id, () => true)
    return await judge(database, report, {
      wanted: isRolledBack ? "rolledBack" : "cleanup",
      status,
      ms: { lockHeld: swapped.attach.lockHeldMs ?? Number.NaN },
    })
  },
}
