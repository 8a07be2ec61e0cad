import type { RunEvent } from "../../machine/events.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { classify } from "../../postgres/classify.ts"
import { sql } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import type { Outcome } from "../Step.ts"
import { readBlockers, renderBlockers } from "./blockers.ts"
import { limitLocks } from "./limitLocks.ts"
import { letVacuumStepAside } from "./stepAside.ts"

export type LockedWork = {
  /** What waits, for the person who reads the reason: `the swap`. */
  readonly what: string
  readonly oids: readonly number[]
  /** How often it was tried; the pauses grow with it. */
  readonly attempt: number
  readonly work: () => Promise<Outcome<RunEvent>>
}

/**
 * Does work that needs strong locks on tables in use, waiting for each no longer than the run's lock timeout: a waiting
 * ACCESS EXCLUSIVE stalls every reader behind it, so short and often beats long. A miss is rolled back, names its
 * blocker, and is tried again later.
 */
export async function unlessBlocked(
  tx: Queryable,
  run: Run,
  { what, oids, attempt, work }: LockedWork,
): Promise<Outcome<RunEvent>> {
  await tx.query(sql`savepoint locked_work`)
  try {
    await letVacuumStepAside(tx, run, oids)
    await limitLocks(tx, run)
    return await work()
  } catch (error) {
    if (!(error instanceof BlockedError) && classify(error) !== "contention") throw error
    await tx.query(sql`rollback to savepoint locked_work`)
    if (error instanceof BlockedError) {
      return {
        event: { type: "blocked", reason: `${what} ${error.message}`, retryMs: backoffMs(attempt) },
        facts: { attempt },
      }
    }
    const blockers = await readBlockers(tx, oids)
    const reason = `${what} waits for a lock: ${renderBlockers(blockers)}`
    return { event: { type: "blocked", reason, retryMs: backoffMs(attempt) }, facts: { attempt, blockers } }
  }
}

/** The work found something in its way other than a lock; the message goes on after "the swap …". */
export class BlockedError extends Error {}

/** The pause grows from the lock timeout to five seconds, with jitter, so that two runs do not march in step. */
function backoffMs(attempt: number): number {
  const ceiling = Math.min(5_000, 100 * 2 ** Math.min(attempt, 6))
  return Math.round(ceiling * (0.5 + Math.random() / 2))
}
