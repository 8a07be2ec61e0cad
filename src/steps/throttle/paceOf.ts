import type { RunOptions } from "../../config/runOptions.ts"
import { type Pace, paceLimits } from "../../domain/pace.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { readServerCores } from "../../postgres/readServerCores.ts"
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

/** Where nothing is known of the server, the smallest number that lets one connection work while another commits. */
const fewestLanes = 2

/** A server with many cores has them for others, too; who wants to have more of them says so. */
const mostLanes = 8

/** How many connections copy at once. */
export function lanesOf({ nice, parallel }: RunOptions): number {
  return nice ? 1 : (parallel ?? fewestLanes)
}

/** How many connections a run has of whom nobody said how many: one for each core of its server, as far as these are known. */
export async function lanesByCores(db: Queryable): Promise<number> {
  return Math.min(mostLanes, Math.max(fewestLanes, (await readServerCores(db)) ?? 0))
}

/**
 * Builds and comparisons with parallel workers of their own take all cores, however few connections there are. Holds for the
 * transaction, or for the whole session.
 */
export async function keepToLanes(
  db: Queryable,
  { nice }: RunOptions,
  span: "transaction" | "session" = "transaction",
): Promise<void> {
  if (!nice) return
  const isLocal = span === "transaction"
  await db.query(sql`
    select set_config('max_parallel_maintenance_workers', '0', ${isLocal}), set_config('max_parallel_workers_per_gather', '0', ${isLocal})`)
}
