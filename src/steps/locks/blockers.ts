import type { Queryable } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"

/** A session, or a prepared transaction, that holds a lock we want. `ageMs` is the age of its transaction. */
export type Blocker = {
  readonly pid: number | null
  readonly gid: string | null
  readonly user: string | null
  readonly application: string | null
  readonly mode: string
  readonly ageMs: number | null
  readonly query: string | null
  /** Whether it is, or may be, an autovacuum that steps aside: see `letVacuumStepAside`. */
  readonly stepsAside: boolean
}

/** Who holds locks on these tables, other than this session; the oldest first. */
export async function readBlockers(db: Queryable, oids: readonly number[]): Promise<Blocker[]> {
  const { rows } = await db.query<Blocker>(sql`
    select distinct on (a.xact_start, l.pid, p.gid)
           l.pid,
           p.gid,
           coalesce(a.usename::text, p.owner::text, a.backend_type) as user,
           a.application_name as application,
           l.mode,
           round(extract(epoch from clock_timestamp() - coalesce(a.xact_start, p.prepared)) * 1000)::float8 as "ageMs",
           left(a.query, 200) as query,
           l.mode = 'ShareUpdateExclusiveLock' and l.pid is not null
             and coalesce(a.backend_type = 'autovacuum worker' and a.query not like '%(to prevent wraparound)', true)
             as "stepsAside"
    from pg_locks l
    left join pg_stat_activity a on a.pid = l.pid
    -- What holds a prepared transaction's locks has no pid; how its virtual transaction is written differs by version.
    left join pg_locks own on l.pid is null and own.pid is null and own.locktype = 'transactionid'
                          and own.virtualtransaction = l.virtualtransaction
    left join pg_prepared_xacts p on p.transaction = own.transactionid
    where l.locktype = 'relation'
      and l.database = (select oid from pg_database where datname = current_database())
      and l.relation = any (${oids}::oid[])
      and l.granted
      and l.pid is distinct from pg_backend_pid()
    order by a.xact_start nulls last, l.pid, p.gid
    limit 10`)
  return rows
}

/** One clause that names the oldest blocker and counts the others. */
export function renderBlockers(blockers: readonly Blocker[]): string {
  const [first, ...others] = blockers
  if (first === undefined) return "its holder was gone when we looked"
  const who =
    first.pid === null
      ? `prepared transaction ${first.gid ?? "unknown"} of ${first.user ?? "unknown"}`
      : `pid ${first.pid} (${[first.user, first.application].filter(Boolean).join(", ")})`
  const since = first.ageMs === null ? "" : ` has held ${first.mode} for ${Math.round(first.ageMs / 100) / 10} s`
  const query = first.query === null || first.query === "" ? "" : `: ${first.query.replaceAll(/\s+/g, " ")}`
  return `${who}${since}${query}${others.length === 0 ? "" : `; and ${others.length} more`}`
}
