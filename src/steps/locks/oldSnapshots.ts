import type { Queryable } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import { BlockedError } from "./unlessBlocked.ts"

/**
 * Lets nobody be fooled: a session whose snapshot is older than what was copied would, after the swap, read the new
 * table by its name and find it empty, without an error (PostgreSQL manual, 13.2.2). So a snapshot from before the end of the
 * copy counts: of a transaction that began before the copy was seen to be committed, and that sees as little of it. The second
 * alone would not do, for a long transaction anywhere in the cluster, in another database too, makes every snapshot look as old
 * as it is.
 *
 * A younger one misses at most what was replayed since. It counts where its session is idle, and may read with it again: in a
 * REPEATABLE READ transaction, or with a cursor open. But a statement with parameters leaves its portal, and so its snapshot,
 * until the next one (PostgreSQL manual, 54.2.3): a busy application has such sessions at every moment, and their transactions
 * last for milliseconds. Whoever has used the table lets go of its lock, and so ends, before the swap has it.
 *
 * A report on a replica would read the new table as empty too. Where hot_standby_feedback is on the replica tells the oldest
 * snapshot that it has, every wal_receiver_status_interval; where it is off nobody here can know.
 */
export async function assertNoOldSnapshots(tx: Queryable, run: Run): Promise<void> {
  const [first, ...others] = await readOldSnapshots(tx, run)
  if (first === undefined) return
  throw new BlockedError(
    `waits for an old snapshot: ${first}${others.length === 0 ? "" : `; and ${others.length} more`}`,
  )
}

/** Remembers that rows were just copied: older snapshots do not see them. */
export async function noteLoaded(tx: Queryable, run: Run): Promise<void> {
  await tx.query(
    sql`update cutover.runs set loaded_xid = (pg_current_xact_id()::text::bigint % 4294967296)::text, loaded_seen = null where id = ${run.id}`,
  )
}

/** A transaction that is younger is taken for one whose statements each read anew. */
const briefMs = 250

async function readOldSnapshots(db: Queryable, run: Run): Promise<string[]> {
  // Whoever comes here sees the copy committed, so whoever begins after this moment does too.
  await db.query(sql`
    update cutover.runs set loaded_seen = clock_timestamp() where id = ${run.id} and loaded_seen is null`)
  // A transaction reads pg_stat_activity once, and sees it so ever after (PostgreSQL manual, 27.2.2).
  await db.query(sql`select pg_stat_clear_snapshot()`)
  const { rows } = await db.query<{ who: string }>(sql`
    (select format('pid %s (%s) has held a snapshot for %s s%s', a.pid,
                  concat_ws(', ', a.usename, nullif(a.application_name, '')),
                  round(extract(epoch from clock_timestamp() - a.xact_start))::text,
                  ': ' || regexp_replace(left(a.query, 120), '\\s+', ' ', 'g')) as who
    from pg_stat_activity a
    where a.datname = current_database()
      and a.pid <> pg_backend_pid()
      and a.backend_type = 'client backend'
      and a.backend_xmin is not null
      and a.application_name not like 'cutover/%'
      and ((a.state like 'idle in transaction%'
            and a.xact_start < clock_timestamp() - ${briefMs}::float8 * interval '1 ms'
            -- Asked once, for each reading of pg_locks stops all of the server's locks for a moment.
            and a.pid <> all (array(select l.pid from pg_locks l
                                    where l.pid is not null and l.locktype = 'relation' and l.granted
                                      and l.relation = ${run.sourceOid}::oid
                                      and l.database = (select oid from pg_database where datname = current_database()))))
           or exists (select from cutover.runs r
                      where r.id = ${run.id} and a.xact_start <= r.loaded_seen and age(a.backend_xmin) >= age(r.loaded_xid::xid)))
    order by a.xact_start
    limit 5)
    union all
    select format('replica %s reports one that is older than the copy',
                  coalesce(nullif(w.application_name, ''), host(w.client_addr), w.pid::text))
    from pg_stat_replication w
    left join pg_replication_slots s on s.active_pid = w.pid and s.slot_type = 'physical'
    join cutover.runs r on r.id = ${run.id}
    where age(coalesce(w.backend_xmin, s.xmin)) >= age(r.loaded_xid::xid)`)
  return rows.map((row) => row.who)
}
