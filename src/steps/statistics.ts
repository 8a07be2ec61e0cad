import type { TableName } from "../domain/tableName.ts"
import { type Queryable, readOne } from "../postgres/Queryable.ts"
import { liftStatementTimeout } from "../postgres/sessionSettings.ts"
import { type Sql, raw, sql, table } from "../postgres/sql.ts"
import { hasVersion } from "./hasVersion.ts"
import { readTargetPartitions } from "./targetPartitions.ts"

/**
 * How many rows ANALYZE looks at goes with this: 300 times as many. For the first plans after the swap a tenth of the usual
 * is enough; all of it, of every month, would take longer than to copy small ones.
 */
const roughTarget = 10

/**
 * Rough statistics of one month, for the time between the swap and `analyzeWhole`. Before PostgreSQL 18 ANALYZE of the
 * parent reads every partition again anyway, so there it is left to that.
 */
export async function analyzeRoughly(tx: Queryable, name: TableName): Promise<void> {
  if (await analyzesAlone(tx)) await withTarget(tx, roughTarget, async () => await tx.query(analyze(name)))
}

/** Rough statistics of the partitioned table as a whole, which autovacuum never makes (PostgreSQL manual, 24.1.3). */
export async function analyzeParentRoughly(tx: Queryable, name: TableName): Promise<void> {
  const only = (await analyzesAlone(tx)) ? "only " : ""
  await liftStatementTimeout(tx)
  await withTarget(tx, roughTarget, async () => await tx.query(analyze(name, only)))
}

/** Statistics as ANALYZE makes them by itself: of each partition, and of the whole. */
export async function analyzeWhole(tx: Queryable, name: TableName, targetOid: number): Promise<void> {
  if (await analyzesAlone(tx)) {
    for (const partition of await readTargetPartitions(tx, { targetOid })) await tx.query(analyze(partition))
    await tx.query(analyze(name, "only "))
  } else await tx.query(analyze(name))
}

async function withTarget(tx: Queryable, target: number, work: () => Promise<unknown>): Promise<void> {
  const setting = "default_statistics_target"
  const { usual } = await readOne<{ usual: string }>(
    tx,
    sql`
    select s.usual, set_config(${setting}, least(${target}::int, s.usual::int)::text, true)
    from current_setting(${setting}) as s (usual)`,
  )
  await work()
  await tx.query(sql`select set_config(${setting}, ${usual}, true)`)
}

/** ANALYZE takes SHARE UPDATE EXCLUSIVE: readers and writers go on. It samples, so its time hardly grows with rows. */
function analyze(name: TableName, only = ""): Sql {
  return sql`analyze ${raw(only)}${table(name)}`
}

/** ANALYZE ONLY came with PostgreSQL 18. */
async function analyzesAlone(tx: Queryable): Promise<boolean> {
  return await hasVersion(tx, 18)
}
