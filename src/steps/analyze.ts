import { formatDuration } from "../domain/duration.ts"
import { sql } from "../postgres/sql.ts"
import { readOne } from "../postgres/Queryable.ts"
import type { RunStep } from "./Step.ts"
import { validateWhole } from "./split/belongings.ts"
import { proveLegacy } from "./split/legacy.ts"
import { analyzeWhole } from "./statistics.ts"
import { validateForeignKeys } from "./swap/belongings/foreignKeys.ts"
import { refreshMaterializedViews } from "./swap/belongings/materializedViews.ts"
import { validateIncomingKeys } from "./swap/belongings/incomingKeys.ts"

/** What was put off until after the swap: reading the foreign keys, statistics under the new name; then the fallback window begins. */
export const analyze: RunStep = async ({ tx, run }) => {
  await validateForeignKeys(tx, run, run.targetOid ?? 0)
  await validateIncomingKeys(tx, run, run.targetOid ?? 0)
  await proveLegacy(tx, run)
  await validateWhole(tx, run)
  await refreshMaterializedViews(tx, run.targetOid ?? 0)
  await analyzeWhole(tx, run.table, run.targetOid ?? 0)
  const { until } = await readOne<{ until: string }>(
    tx,
    sql`
    update cutover.runs
    set fallback_until = clock_timestamp() + ${run.options.fallbackWindowMs}::float8 * interval '1 millisecond'
    where id = ${run.id}
    returning to_char(fallback_until, 'YYYY-MM-DD HH24:MI:SS') as until`,
  )
  const reason = `the fallback window is open until ${until} UTC (${formatDuration(run.options.fallbackWindowMs)})`
  return { event: { type: "analyzed", reason } }
}
