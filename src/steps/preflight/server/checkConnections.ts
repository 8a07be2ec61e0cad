import { readOne } from "../../../postgres/Queryable.ts"
import { sql } from "../../../postgres/sql.ts"
import { type Check, type ServerContext, ok, warn } from "../Check.ts"

/** A worker with two lanes, its listener and the job queue. */
const needed = 8

/** Connections that are free for roles without privileges (PostgreSQL manual, 20.3.1). */
export const checkConnections: Check<ServerContext> = async ({ db }) => {
  const { free, most } = await readOne<{ free: number; most: number }>(
    db,
    sql`
    select most, most - used as free
    from (select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                 - coalesce(current_setting('reserved_connections', true), '0')::int as most,
                 (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as used) as counted`,
  )
  const facts = `${free} of ${most} connections are free`
  return free >= needed
    ? [ok("CUTOVER_CONNECTIONS", `${facts}.`)]
    : [
        warn(
          "CUTOVER_CONNECTIONS",
          `${facts}; a worker needs ${needed} and one more for each partition that is copied at once.`,
          "Close idle sessions, or launch with --parallel 1.",
        ),
      ]
}
