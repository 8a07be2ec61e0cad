import { formatDuration } from "../domain/duration.ts"
import { sql } from "../postgres/sql.ts"
import { readOne } from "../postgres/Queryable.ts"
import type { RunStep } from "./Step.ts"
import { vacuumAllAsSource } from "./autovacuum.ts"
import { findReadings } from "./readings.ts"
import { unprovenLegacy } from "./split/legacy.ts"
import { analyzeWhole } from "./statistics.ts"
import { readNext } from "./swap/Reading.ts"

/**
 * What was put off until after the swap: filling materialized views, reading foreign keys, one at a time; then statistics under the new
 * name, and the fallback window begins.
 */
export const analyze: RunStep = async ({ tx, run }) => {
  const readings = [...(await findReadings(tx, run, run.targetOid ?? 0)), ...(await unprovenLegacy(tx, run))]
  if (await readNext(tx, readings)) return { event: { type: "reading.done" } }
  await analyzeWhole(tx, run.table, run.targetOid ?? 0)
  // ANALYZE has the locks for it, and would have waited for the vacuums that now begin.
  await vacuumAllAsSource(tx, run)
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
