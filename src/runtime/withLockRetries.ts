import { setTimeout as sleep } from "node:timers/promises"
import { CutoverError } from "../errors/CutoverError.ts"
import { classify } from "../postgres/classify.ts"

/** How long a command tries to get its locks; each try waits only for lock_timeout, so that others pass in between. */
const patienceMs = 60_000

/** Runs a transaction again as long as it loses to other locks, with jittered pauses. */
export async function withLockRetries<T>(work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + patienceMs
  for (let pauseMs = 50; ; pauseMs = Math.min(2_000, pauseMs * 2)) {
    try {
      return await work()
    } catch (error) {
      if (classify(error) !== "contention") throw error
      if (Date.now() > deadline) throw gaveUp(error)
      await sleep(pauseMs * (0.5 + Math.random()))
    }
  }
}

function gaveUp(cause: unknown): CutoverError {
  return new CutoverError("CUTOVER_TIME_LIMIT", {
    message: `A lock could not be got within ${patienceMs / 1000} s, because other sessions hold it.`,
    state: "Nothing of this was done.",
    hint: "See who holds it in pg_locks and pg_stat_activity, and call the command again.",
    cause,
  })
}
