import { createHash } from "node:crypto"
import type { Database } from "./Database.ts"
import { type Queryable, readOne } from "./Queryable.ts"
import { sql } from "./sql.ts"

/** What a lock of ours stands for; part of its key, so that kinds never meet. */
export type LockKind = "run" | "job" | "worker" | "install" | "replay"

/** The 64-bit key of an advisory lock, as a decimal text. */
export function lockKey(kind: LockKind, id: string): string {
  return createHash("sha256").update(`pg-cutover ${kind} ${id}`).digest().readBigInt64BE(0).toString()
}

/** Tries a lock that the transaction's end gives back. */
export async function tryTransactionLock(tx: Queryable, key: string): Promise<boolean> {
  const row = await readOne<{ held: boolean }>(tx, sql`select pg_try_advisory_xact_lock(${key}::bigint) as held`)
  return row.held
}

/** Takes the shared form of a lock until the transaction ends; waits for an exclusive holder. */
export async function takeSharedTransactionLock(tx: Queryable, key: string): Promise<void> {
  await tx.query(sql`select pg_advisory_xact_lock_shared(${key}::bigint)`)
}

/** Takes a lock until the transaction ends, and waits for its holders up to 20 s. */
export async function takeTransactionLock(tx: Queryable, key: string): Promise<void> {
  await tx.query(sql`select set_config('lock_timeout', ${patience}, true)`)
  await tx.query(sql`select pg_advisory_xact_lock(${key}::bigint)`)
}

/** Takes a lock until the transaction ends; waits for its holder as long as the session waits for any lock. */
export async function takeLock(tx: Queryable, key: string): Promise<void> {
  await tx.query(sql`select pg_advisory_xact_lock(${key}::bigint)`)
}

export async function trySessionLock(session: Queryable, key: string): Promise<boolean> {
  const row = await readOne<{ held: boolean }>(session, sql`select pg_try_advisory_lock(${key}::bigint) as held`)
  return row.held
}

/** How long to wait for a lock that is held only while somebody installs or a batch ends. */
const patience = "20s"

/** Lends a session that holds the lock alone, and waits for its holder up to 20 s. */
export async function withSessionLock<T>(database: Database, key: string, use: () => Promise<T>): Promise<T> {
  return await database.withSession(async (session) => {
    // The lock and the setting go with the connection, also where one of them fails.
    session.discard()
    await session.query(sql`select set_config('lock_timeout', ${patience}, false)`)
    await session.query(sql`select pg_advisory_lock(${key}::bigint)`)
    return await use()
  })
}

/** Takes the shared form of a lock until the session gives it back, or ends. */
export async function takeSharedSessionLock(session: Queryable, key: string): Promise<void> {
  await session.query(sql`select pg_advisory_lock_shared(${key}::bigint)`)
}

/** Gives back all locks that the session holds beyond its transactions. */
export async function releaseSessionLocks(session: Queryable): Promise<void> {
  await session.query(sql`select pg_advisory_unlock_all()`)
}

/** Which of these keys some live session of this database holds. A dead session holds none. */
export async function heldKeys(db: Queryable, keys: readonly string[]): Promise<Set<string>> {
  if (keys.length === 0) return new Set()
  const { rows } = await db.query<{ key: string }>(sql`
    select distinct ((classid::bigint << 32) | objid::bigint)::text as key
    from pg_locks
    where locktype = 'advisory'
      and objsubid = 1
      and granted
      and database = (select oid from pg_database where datname = current_database())
      and ((classid::bigint << 32) | objid::bigint) = any (${keys}::bigint[])`)
  return new Set(rows.map((row) => row.key))
}
