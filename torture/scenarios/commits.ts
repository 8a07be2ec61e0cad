import { createDatabase } from "../../test/support/database.ts"
import { randomOf } from "../../test/support/random.ts"
import { FaultProxy } from "../../test/support/wire/faultProxy.ts"
import type { Statement } from "../../test/support/wire/Statement.ts"
import type { Scenario } from "../Scenario.ts"
import { judgeRun } from "../faults/judgeRun.ts"
import { recordingOf } from "../faults/recording.ts"
import { createSmallTable, startSlowWriters } from "../faults/smallTable.ts"
import { workThrough } from "../faults/workThrough.ts"

/** Of a COMMIT that is not swallowed after the fact: the share that never reaches the server. */
const lostBefore = 0.15

/**
 * Nobody hears whether a COMMIT happened: each was done, and its answer lost with the connection. From the second seed on,
 * some were lost on the way there, so that "it happened" is no good guess.
 */
export const commits: Scenario = {
  id: "A5",
  name: "commits",
  says: "the answer to every COMMIT is lost, the swap's too: swapped once, nothing twice",
  seeds: { quick: 2, usual: 5, full: 20 },
  isDurable: false,
  atOnce: 2,
  run: async (server, seed) => {
    const recording = await recordingOf(server)
    const { random } = randomOf(String(seed))
    await using database = await createDatabase("commits", server.url)
    await createSmallTable(database)
    await using writers = await startSlowWriters(database, seed)
    let swallowed = 0
    let swaps = 0
    let kept = 0
    await using proxy = await FaultProxy.start(database.url, (statement) => {
      if (!/^\s*commit\b/i.test(statement.text)) return undefined
      if (seed > 1 && random() < lostBefore) {
        kept += 1
        return { type: "cut", when: "before" }
      }
      swallowed += 1
      if (isSwap(statement)) swaps += 1
      return { type: "cut", when: "after" }
    })
    const { calls } = await workThrough(database, proxy.url)
    return await judgeRun(database, {
      writers,
      recording,
      counts: { faults: swallowed + kept, swallowed, neverSent: kept, swapsSwallowed: swaps, calls },
      failures: swaps === 1 ? [] : [`the answer to the swap's COMMIT was swallowed ${swaps} times, and not once`],
    })
  },
}

/** A try that got the lock and found something in its way has rolled back to its savepoint, and commits only that. */
function isSwap({ before }: Statement): boolean {
  const locked = before.findLastIndex((one) => one.text.includes("in access exclusive mode"))
  return locked >= 0 && !before.slice(locked).some((one) => one.text.startsWith("rollback to savepoint"))
}
