import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"

/** A rate over less than this says nothing. */
const leastMs = 1_000

/** Where the WAL was when this process looked last, and what it found out then. Kept here: in a row it would be a lock. */
let seen: { readonly lsn: string; readonly at: number; readonly perSecond: number | undefined } | undefined

/** Bytes of WAL that the server writes per second, by two looks that are at least a second apart; undefined at the first. */
export async function measureWal(tx: Queryable): Promise<number | undefined> {
  const before = seen?.lsn ?? "0/0"
  const now = await readOne<{ lsn: string; bytes: number }>(
    tx,
    sql`
    select lsn::text as lsn, pg_wal_lsn_diff(lsn, ${before}::pg_lsn)::float8 as bytes
    from pg_current_wal_insert_lsn() as lsn`,
  )
  const at = performance.now()
  if (seen === undefined) seen = { lsn: now.lsn, at, perSecond: undefined }
  else if (at - seen.at >= leastMs) seen = { lsn: now.lsn, at, perSecond: (now.bytes * 1000) / (at - seen.at) }
  return seen.perSecond
}
