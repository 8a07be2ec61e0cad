import { renderTableName } from "../domain/tableName.ts"
import { CutoverError } from "../errors/CutoverError.ts"
import { readOne, findOne, type Queryable } from "../postgres/Queryable.ts"
import { classify } from "../postgres/classify.ts"
import { targetName } from "../domain/derivedNames.ts"
import { sql, table } from "../postgres/sql.ts"
import type { Run } from "../store/runs.ts"
import type { RunStep } from "./Step.ts"
import { renderBlockers, readBlockers } from "./blockers.ts"
import { type Swapped, swap } from "./swap.ts"

/**
 * Cuts over. Whatever can be done before is done before; then one transaction takes the lock with a short timeout,
 * swaps, and commits together with the state of the run. A missed lock names its blocker and is tried again.
 */
export const attach: RunStep = async ({ tx, run }) => {
  if (run.options.attach === "manual" && !run.gateOpened) {
    return { event: { type: "held", reason: `ready to attach; open the gate with: cutover attach ${run.id}` } }
  }
  await analyzeTarget(tx, run)
  await assertAllRowsAccountedFor(tx, run)
  const attempts = await countAttempt(tx, run)
  await tx.query(sql`savepoint swap`)
  try {
    const startedAt = performance.now()
    const swapped = await swap(tx, run)
    return {
      event: { type: "swapped" },
      facts: { attempt: attempts, ...swapped.facts },
      afterCommit: (db) => saveLockHeld(db, run, swapped, startedAt),
    }
  } catch (error) {
    if (classify(error) !== "contention") throw error
    await tx.query(sql`rollback to savepoint swap`)
    const blockers = await readBlockers(tx, [run.sourceOid, run.targetOid ?? 0])
    const reason = `the swap waits for a lock: ${renderBlockers(blockers)}`
    return { event: { type: "blocked", reason, retryMs: backoffMs(attempts) }, facts: { attempt: attempts, blockers } }
  }
}

/**
 * A waiting ACCESS EXCLUSIVE stalls every reader behind it, so short and often beats long: the pause grows from the
 * lock timeout to five seconds, with jitter, so that two runs do not march in step.
 */
function backoffMs(attempt: number): number {
  const ceiling = Math.min(5_000, 100 * 2 ** Math.min(attempt, 6))
  return Math.round(ceiling * (0.5 + Math.random() / 2))
}

/** Autovacuum never analyzes a partitioned parent; without statistics the first plans after the swap would be poor. */
async function analyzeTarget(tx: Queryable, run: Run): Promise<void> {
  const target = await findOne<{ never: boolean }>(
    tx,
    sql`select reltuples < 0 as never from pg_class where oid = ${run.targetOid}`,
  )
  if (target?.never !== true) return
  await tx.query(sql`select set_config('statement_timeout', '0', true)`)
  await tx.query(sql`analyze ${table(targetName(run.table))}`)
}

/** Each month was compared by itself; together they must be all the rows that the survey saw in the whole heap. */
async function assertAllRowsAccountedFor(tx: Queryable, run: Run): Promise<void> {
  const counted = await readOne<{ surveyed: string; validated: string; unequal: number }>(tx, sql`
    select coalesce(sum(rows_estimated), 0)::text as surveyed,
           coalesce(sum(target_rows), 0)::text as validated,
           count(*) filter (where equal is not true)::int as unequal
    from cutover.partitions
    where run_id = ${run.id}`)
  if (counted.unequal === 0 && counted.surveyed === counted.validated) return
  throw new CutoverError("CUTOVER_DIFFERENT", {
    message: `${renderTableName(run.table)} holds ${counted.surveyed} rows, and ${counted.validated} were copied and compared; ${counted.unequal} partitions are not proved equal.`,
    state: "The swap was not tried; the application still uses the source, which is complete.",
    hint: `Copy again what differs: cutover retry ${run.id} --partition <label>`,
    details: counted,
  })
}

async function countAttempt(tx: Queryable, run: Run): Promise<number> {
  const { attempts } = await readOne<{ attempts: number }>(tx, sql`
    update cutover.runs set attach_attempts = attach_attempts + 1 where id = ${run.id}
    returning attach_attempts as attempts`)
  return attempts
}

async function saveLockHeld(db: Queryable, run: Run, swapped: Swapped, startedAt: number): Promise<void> {
  const heldMs = performance.now() - Math.max(startedAt, swapped.lockedAt)
  await db.query(sql`update cutover.runs set lock_held_ms = ${heldMs} where id = ${run.id}`)
}
