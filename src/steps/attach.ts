import { renderTableName } from "../domain/tableName.ts"
import { CutoverError } from "../errors/CutoverError.ts"
import { readOne, findOne, type Queryable } from "../postgres/Queryable.ts"
import { targetName } from "../domain/derivedNames.ts"
import { sql } from "../postgres/sql.ts"
import type { Run } from "../store/runs.ts"
import type { RunStep } from "./Step.ts"
import { analyzeParent } from "./statistics.ts"
import { type Swapped, swap } from "./swap.ts"
import { unlessBlocked } from "./unlessBlocked.ts"

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
  const attempt = await countAttempt(tx, run)
  return await unlessBlocked(tx, run, {
    what: "the swap",
    oids: [run.sourceOid, run.targetOid ?? 0],
    attempt,
    work: async () => {
      const swapped = await swap(tx, run)
      return {
        event: { type: "swapped" },
        facts: { attempt, ...swapped.facts },
        afterCommit: (db) => saveLockHeld(db, run, swapped),
      }
    },
  })
}

/** Autovacuum never analyzes a partitioned parent; without statistics the first plans after the swap would be poor. */
async function analyzeTarget(tx: Queryable, run: Run): Promise<void> {
  const target = await findOne<{ never: boolean }>(
    tx,
    sql`select reltuples < 0 as never from pg_class where oid = ${run.targetOid}`,
  )
  if (target?.never === true) await analyzeParent(tx, targetName(run.table))
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

async function saveLockHeld(db: Queryable, run: Run, swapped: Swapped): Promise<void> {
  const heldMs = performance.now() - swapped.lockedAt
  await db.query(sql`update cutover.runs set lock_held_ms = ${heldMs} where id = ${run.id}`)
}
