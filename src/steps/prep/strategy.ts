import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"
import type { Run, Strategy } from "../../store/runs.ts"
import { createStripes } from "../../store/stripes.ts"
import { lanesOf } from "../throttle/lanes.ts"
import { createLoader } from "../copy/loader.ts"
import { zoneBlocks } from "../../domain/pace.ts"
import { requireBlueprint } from "../requireBlueprint.ts"

/** From here on one sweep of the heap, which routes each row, is cheaper than reading the same blocks for several months. */
const manyTimes = 2

/**
 * How the rows of each month are found, now that the survey knows where they lie: month by month in their own blocks, or,
 * where most blocks hold rows of many months, in one sweep of the heap.
 */
export async function chooseStrategy(
  tx: Queryable,
  run: Run,
): Promise<{ readonly strategy: Strategy; readonly reason: string }> {
  // Where the heap is in order, each month shares one zone with its neighbour: that is no disorder.
  const zone = zoneBlocks(run.heapBlocks ?? 0)
  const { times } = await readOne<{ times: number }>(
    tx,
    sql`
    select greatest(0, coalesce(sum(upper(one) - lower(one)), 0) - ${zone}::bigint * count(distinct p.id))::float8
             / greatest(1, ${run.heapBlocks}::bigint) as times
    from cutover.partitions p, unnest(p.blocks) as one
    where p.run_id = ${run.id}`,
  )
  const reads = `month by month the heap is read ${times.toFixed(1)} times`
  if (times <= manyTimes) return { strategy: "months", reason: reads }
  if (requireBlueprint(run).isAdopted)
    return { strategy: "months", reason: `an adopted scaffold is filled month by month, though ${reads}` }
  return { strategy: "sweep", reason: `${reads}, so it is swept once` }
}

/** The tables of all months at once, and the stripes that are swept side by side. */
export async function prepareSweep(tx: Queryable, run: Run): Promise<void> {
  await createLoader(tx, run)
  await createStripes(tx, run.id, run.heapBlocks ?? 0, lanesOf(run.options))
}
