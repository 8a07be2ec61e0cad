import { msUntilOpen, renderWindow } from "../../domain/timeWindow.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"
import { changeLogOf, countKeysIfAny } from "../../store/changeLog.ts"
import { relabels } from "../relabel/relabels.ts"
import type { Run } from "../../store/runs.ts"

/** Why the swap is not to be tried now, and when to look again. */
export type ClosedGate = { readonly reason: string; readonly retryMs: number }

/** While a gate is closed the target follows the source this often. */
const followMs = 2_000

/** The gate that a person opens, then the hours of the day in which swaps are allowed; undefined when both are open. */
export async function findClosedGate(tx: Queryable, run: Run): Promise<ClosedGate | undefined> {
  if (run.options.attach === "manual" && !run.gateOpened) {
    return {
      reason: `ready to attach${await readiness(tx, run)}; open the gate with: cutover attach ${run.id}`,
      retryMs: followMs,
    }
  }
  const { attachWindow, timezone } = run.options
  if (attachWindow === null) return undefined
  const { now } = await readOne<{ now: string }>(
    tx,
    sql`select to_char(clock_timestamp() at time zone ${timezone}, 'HH24:MI:SS') as now`,
  )
  const waitMs = msUntilOpen(attachWindow, now)
  if (waitMs === 0) return undefined
  return {
    reason: `ready to attach${await readiness(tx, run)}; waits for its hours, ${renderWindow(attachWindow)} ${timezone}`,
    retryMs: Math.min(waitMs, followMs),
  }
}

/** What there is to know before one opens the gate. */
async function readiness(tx: Queryable, run: Run): Promise<string> {
  if (relabels(run)) return ": every row is proved to be of the history"
  const { validated, partitions } = await readOne<{ validated: number; partitions: number }>(
    tx,
    sql`
    select count(*) filter (where state = 'validated')::int as validated, count(*)::int as partitions
    from cutover.partitions where run_id = ${run.id}`,
  )
  const waiting = await countKeysIfAny(tx, changeLogOf(run), 100_000)
  return `: ${validated} of ${partitions} partitions proved equal, ${waiting} changes wait`
}
