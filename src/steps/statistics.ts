import type { TableName } from "../domain/tableName.ts"
import type { Queryable } from "../postgres/Queryable.ts"
import { raw, sql, table } from "../postgres/sql.ts"
import { hasVersion } from "./hasVersion.ts"

/**
 * Statistics of one month. Before PostgreSQL 18 ANALYZE of the parent reads every partition again anyway, so there it
 * is left to that.
 */
export async function analyzePartition(tx: Queryable, name: TableName): Promise<void> {
  if (await analyzesAlone(tx)) await analyzeNow(tx, name)
}

/** Statistics of the partitioned table as a whole, which autovacuum never makes (PostgreSQL manual, 24.1.3). */
export async function analyzeParent(tx: Queryable, name: TableName): Promise<void> {
  await analyzeNow(tx, name, (await analyzesAlone(tx)) ? "only " : "")
}

/** ANALYZE takes SHARE UPDATE EXCLUSIVE: readers and writers go on. It samples, so its time hardly grows with rows. */
async function analyzeNow(tx: Queryable, name: TableName, only = ""): Promise<void> {
  await tx.query(sql`select set_config('statement_timeout', '0', true)`)
  await tx.query(sql`analyze ${raw(only)}${table(name)}`)
}

/** ANALYZE ONLY came with PostgreSQL 18. */
async function analyzesAlone(tx: Queryable): Promise<boolean> {
  return await hasVersion(tx, 18)
}
