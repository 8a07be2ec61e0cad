import { type Queryable, findOne } from "../postgres/Queryable.ts"
import { lockKey } from "../postgres/advisoryLock.ts"
import { sql } from "../postgres/sql.ts"

export type LongStatement = { readonly text: string; readonly ms: number }

/** After so long a person wonders what goes on. */
const longMs = 5_000

/** As much of a statement as says what it does, and to which table. */
const mostCharacters = 160

/**
 * The statement that a session at work for the run, whose lock it shares, has been executing longest, if for long: an index, a constraint
 * or a view may take hours, and nothing of the run changes meanwhile. Not what copies and compares, which the partitions tell of; and
 * none where our role may not see other sessions' statements.
 */
export async function findLongStatement(db: Queryable, runId: string): Promise<LongStatement | undefined> {
  return await findOne<LongStatement>(
    db,
    sql`
    select left(regexp_replace(a.query, '\\s+', ' ', 'g'), ${mostCharacters}::int) as text,
           (extract(epoch from clock_timestamp() - a.query_start) * 1000)::float8 as ms
    from pg_locks l
    join pg_stat_activity a on a.pid = l.pid
    where l.locktype = 'advisory'
      and l.objsubid = 1
      and l.mode = 'ShareLock'
      and l.granted
      and l.database = (select oid from pg_database where datname = current_database())
      and ((l.classid::bigint << 32) | l.objid::bigint) = ${lockKey("run", runId)}::bigint
      and a.state = 'active'
      and a.query ~* '^\\s*(alter|analyze|create|drop|refresh|vacuum)\\s'
      and a.query_start < clock_timestamp() - ${longMs}::float8 * interval '1 ms'
    order by a.query_start
    limit 1`,
  )
}
