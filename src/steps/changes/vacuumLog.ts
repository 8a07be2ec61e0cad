import type { TableName } from "../../domain/tableName.ts"
import { type Queryable, findOne } from "../../postgres/Queryable.ts"
import { classify } from "../../postgres/classify.ts"
import { sql, table } from "../../postgres/sql.ts"

/** From here on entries that are gone make the log slow to read; autovacuum looks once a minute. */
const largeBytes = 4 * 1024 * 1024

/**
 * Vacuums a log that was replayed, where it is large: what is read under the lock of the swap must be short. Cannot run
 * in a transaction. VACUUM takes SHARE UPDATE EXCLUSIVE; for cutting off the end it asks for more, without waiting.
 */
export async function vacuumLog(db: Queryable, log: TableName): Promise<void> {
  const found = await findOne<{ bytes: string }>(
    db,
    sql`
    select pg_relation_size(c.oid)::text as bytes
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${log.schema} and c.relname = ${log.name}`,
  )
  if (found === undefined || Number(found.bytes) < largeBytes) return
  try {
    await db.query(sql`vacuum ${table(log)}`)
  } catch (error) {
    // It is upkeep: who is in its way, or drops the log just now, must not fail the job that is done.
    if (classify(error) === "halt") throw error
  }
}
