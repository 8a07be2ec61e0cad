import type { RunOptions } from "../../config/runOptions.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { coresBehind, readServerCores } from "../../postgres/readServerCores.ts"
import { type Sql, literal, sql } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"

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

/** A job works in a lane, beside others, or for the run as a whole, with no other beside it. */
export type Place = "lane" | "alone"

/**
 * Statements that give parallel workers the cores that no lane has: where each has one, builds with workers are no faster, and
 * a sixth of the time goes into what these tell each other. Towards the end fewer months are left than there are lanes.
 * `pid` is that of the session's backend; none where nothing is known of its cores. What they set holds for the transaction, or for the whole session.
 */
export async function shareCores(
  { id, options, strategy }: Run,
  { pid, place, span = "transaction" }: { pid: number; place: Place; span?: "transaction" | "session" },
): Promise<Sql[]> {
  const cores = options.nice ? 1 : await coresBehind(pid)
  if (cores === undefined) return []
  const lanes = place === "lane" ? lanesOf(options) : 1
  const isLocal = literal(String(span === "transaction"))
  const atMost = (name: string, workers: Sql): Sql =>
    sql`set_config(${literal(name)}, least(current_setting(${literal(name)})::int, ${workers})::text, ${isLocal})`
  const isDone = strategy === "sweep" ? sql`state in ('validated', 'copied')` : sql`state = 'validated'`
  // The backend sorts beside its workers. Where they share out the branches of an Append, it takes one as well, but is not counted.
  return [
    sql`
    select ${atMost("max_parallel_maintenance_workers", sql`cores - 1`)},
           ${atMost("max_parallel_workers_per_gather", sql`case when cores > 1 then cores else 0 end`)}
    from (
      select greatest(1, ${literal(String(cores))}::int / greatest(1, least(${literal(String(lanes))}::int, count(*)::int))) as cores
      from cutover.partitions
      where run_id = ${literal(id)} and not ${isDone}
    ) as cutover_share`,
  ]
}
