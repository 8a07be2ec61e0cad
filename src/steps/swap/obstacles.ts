import type { Queryable } from "../../postgres/Queryable.ts"
import type { Run } from "../../store/runs.ts"
import { readBlockers, renderBlockers } from "../locks/blockers.ts"
import { readTied } from "../locks/tied.ts"
import { BlockedError } from "../locks/unlessBlocked.ts"
import { assertNoOldSnapshots } from "../locks/oldSnapshots.ts"

/** What would make an attempt at the lock a vain one, and when to look again. */
export type Obstacle = { readonly reason: string; readonly retryMs: number }

/** Often enough to swap right after the obstacle has gone; a look makes nobody wait. */
const lookAgainMs = 500

/** A transaction this old will hardly end within a lock timeout. */
const longMs = 1_000

/** Now and then the lock is tried all the same: where long transactions always overlap, no look would ever find none. */
const shareOfTries = 0.05

/**
 * Looks, without waiting for any lock, for who would be in the way of the swap: a long transaction that has used the table,
 * or an old snapshot. An attempt at the lock stalls everybody who comes after it, so it should not be in vain.
 */
export async function findObstacle(tx: Queryable, run: Run): Promise<Obstacle | undefined> {
  return obstacleOf((await oldSnapshot(tx, run)) ?? (await longTransaction(tx, run)))
}

/** The same where an old snapshot is none: no row is moved. */
export async function findLongTransaction(tx: Queryable, run: Run): Promise<Obstacle | undefined> {
  return obstacleOf(await longTransaction(tx, run))
}

function obstacleOf(reason: string | undefined): Obstacle | undefined {
  return reason === undefined ? undefined : { reason: `the swap ${reason}`, retryMs: lookAgainMs }
}

async function oldSnapshot(tx: Queryable, run: Run): Promise<string | undefined> {
  try {
    await assertNoOldSnapshots(tx, run)
    return undefined
  } catch (error) {
    if (error instanceof BlockedError) return error.message
    throw error
  }
}

async function longTransaction(tx: Queryable, run: Run): Promise<string | undefined> {
  const blockers = await readBlockers(tx, await readTied(tx, run.sourceOid))
  // One without an age was ending as we looked, or is of a role that ours may not see: a try at the lock tells.
  const long = blockers.filter((one) => !one.stepsAside && (one.ageMs ?? 0) > longMs)
  if (long.length === 0 || Math.random() < shareOfTries) return undefined
  return `waits for a lock: ${renderBlockers(long)}`
}
