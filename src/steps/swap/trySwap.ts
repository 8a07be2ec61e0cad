import type { RunEvent } from "../../machine/events.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import type { Outcome } from "../Step.ts"
import { readTied } from "../locks/tied.ts"
import { unlessBlocked } from "../locks/unlessBlocked.ts"
import { findClosedGate } from "./gates.ts"
import type { Obstacle } from "./obstacles.ts"
import type { Swapped } from "./swap.ts"

type Ways = {
  /** What stands in the way, looked for before the lock. */
  readonly findObstacle: (tx: Queryable, run: Run) => Promise<Obstacle | undefined>
  readonly swap: (tx: Queryable, run: Run) => Promise<Swapped>
}

/** Swaps, unless the gate is closed or something is in the way; a missed lock names its blocker and is tried again. */
export async function trySwap(tx: Queryable, run: Run, { findObstacle, swap }: Ways): Promise<Outcome<RunEvent>> {
  const gate = await findClosedGate(tx, run)
  if (gate !== undefined) return { event: { type: "held", ...gate } }
  const obstacle = await findObstacle(tx, run)
  if (obstacle !== undefined) return { event: { type: "held", ...obstacle } }
  const attempt = await countAttempt(tx, run)
  return await unlessBlocked(tx, run, {
    what: "the swap",
    oids: [...(await readTied(tx, run.sourceOid)), run.targetOid ?? 0],
    attempt,
    work: async () => {
      const swapped = await swap(tx, run)
      return {
        event: { type: "swapped" },
        facts: { attempt, ...swapped.facts },
        afterCommit: async (db) => await saveLockHeld(db, run, swapped),
      }
    },
  })
}

async function countAttempt(tx: Queryable, run: Run): Promise<number> {
  const { attempts } = await readOne<{ attempts: number }>(
    tx,
    sql`
    update cutover.runs set attach_attempts = attach_attempts + 1 where id = ${run.id}
    returning attach_attempts as attempts`,
  )
  return attempts
}

async function saveLockHeld(db: Queryable, run: Run, swapped: Swapped): Promise<void> {
  const heldMs = performance.now() - swapped.lockedAt
  await db.query(sql`update cutover.runs set lock_held_ms = ${heldMs} where id = ${run.id}`)
}
