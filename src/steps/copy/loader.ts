import { targetName } from "../../domain/derivedNames.ts"
import type { TableName } from "../../domain/tableName.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { findRelation } from "../../postgres/catalog/findRelation.ts"
import { ident, sql, table } from "../../postgres/sql.ts"
import { readPartitions } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { partitionClause, tableOf } from "../partitionTable.ts"
import { readTargetPartitions } from "../targetPartitions.ts"
import { createPartitionTable } from "./createPartitionTable.ts"

/** The table that a sweep writes to: it routes each row to its month, and has no index that would slow it down. */
export function loaderOf(run: Run): TableName {
  return { schema: "cutover", name: `loading_${run.id.toLowerCase()}` }
}

/** Makes the loader, with the tables of all months as its partitions. Their CHECKs prove the bounds, so nothing is scanned. */
export async function createLoader(tx: Queryable, run: Run): Promise<void> {
  const loader = table(loaderOf(run))
  await tx.query(sql`
    create table ${loader} (like ${table(targetName(run.table))} including generated)
    partition by range (${ident(run.key.column)})`)
  for (const partition of await readPartitions(tx, run.id)) {
    const name = tableOf(run, partition)
    await createPartitionTable(tx, run, partition, name)
    await tx.query(sql`alter table ${loader} attach partition ${table(name)} ${partitionClause(partition.bounds)}`)
  }
}

/** Lets the months go, each of them alone again, and drops the loader. Nobody but us uses any of them. */
export async function dropLoader(tx: Queryable, run: Run): Promise<void> {
  const loader = await findRelation(tx, loaderOf(run))
  if (loader === undefined) return
  for (const partition of await readTargetPartitions(tx, { targetOid: loader.oid })) {
    await tx.query(sql`alter table ${table(loaderOf(run))} detach partition ${table(partition)}`)
  }
  await tx.query(sql`drop table ${table(loaderOf(run))} restrict`)
}
