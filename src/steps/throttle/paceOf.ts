import type { RunOptions } from "../../config/runOptions.ts"
import { type Pace, paceLimits } from "../../domain/pace.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"

/** How long a batch may last and, where rows per second are limited, how many rows it may have: those of one second. */
export function paceOf({
  batchTargetMs,
  maxRowsPerSecond,
}: RunOptions): Pick<Pace, "targetMs" | "min" | "max" | "maxRows"> {
  return {
    ...paceLimits,
    targetMs: batchTargetMs,
    ...(maxRowsPerSecond === null ? {} : { min: 1, maxRows: maxRowsPerSecond }),
  }
}

/** How many connections copy at once. */
export function lanesOf({ nice, parallel }: RunOptions): number {
  return nice ? 1 : parallel
}

/** Builds and comparisons with parallel workers of their own take all cores, however few connections there are. */
export async function keepToLanes(tx: Queryable, { nice }: RunOptions): Promise<void> {
  if (!nice) return
  await tx.query(sql`
    select set_config('max_parallel_maintenance_workers', '0', true), set_config('max_parallel_workers_per_gather', '0', true)`)
}
