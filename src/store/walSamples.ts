import { type Queryable, findOne } from "../postgres/Queryable.ts"
import { sql } from "../postgres/sql.ts"

/** A rate over less than this says nothing. */
const leastMs = 1_000

/**
 * Bytes of WAL that the server wrote per second since the last look at it, at least a second ago; undefined at the first
 * look. What was seen is kept with the run, so that any worker can go on from it.
 */
export async function measureWal(tx: Queryable, runId: string): Promise<number | undefined> {
  const seen = await findOne<{ bytes: number; ms: number }>(
    tx,
    sql`
    select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), wal_seen)::float8 as bytes,
           extract(epoch from clock_timestamp() - wal_seen_at)::float8 * 1000 as ms
    from cutover.runs
    where id = ${runId} and wal_seen is not null`,
  )
  if (seen === undefined || seen.ms > leastMs)
    await tx.query(
      sql`update cutover.runs set wal_seen = pg_current_wal_insert_lsn(), wal_seen_at = clock_timestamp() where id = ${runId}`,
    )
  return seen === undefined || seen.ms < leastMs ? undefined : (seen.bytes * 1000) / seen.ms
}
