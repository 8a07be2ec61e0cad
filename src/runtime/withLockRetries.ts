import { setTimeout as sleep } from "node:timers/promises"
import { CutoverError } from "../errors/CutoverError.ts"
import { classify } from "../postgres/classify.ts"
import { BlockedError } from "../steps/locks/unlessBlocked.ts"

/** How long a command tries to get its locks; each try waits only for lock_timeout, so that others pass in between. */
const patienceMs = 60_000

/** Runs a transaction again as long as it loses to other locks, with jittered pauses; `blockers` says whose, at the end. */
export async function withLockRetries<T>(
  work: () => Promise<T>,
  blockers: () => Promise<string> = async () => "other sessions hold it",
): Promise<T> {
  const deadline = Date.now() + patienceMs
  for (let pauseMs = 50; ; pauseMs = Math.min(2_000, pauseMs * 2)) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof BlockedError) && classify(error) !== "contention") throw error
      if (Date.now() > deadline) throw gaveUp(error instanceof BlockedError ? error.message : await blockers(), error)
      await sleep(pauseMs * (0.5 + Math.random()))
    }
  }
}

function gaveUp(why: string, cause: unknown): CutoverError {
  return new CutoverError("CUTOVER_TIME_LIMIT", {
    message: `The moment for it did not come within ${patienceMs / 1000} s: ${why}.`,
    state: "Nothing of this was done.",
    hint: "Wait until that session is through, or end it, and call the command again.",
    cause,
  })
}
