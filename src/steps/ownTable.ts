import type { TableName } from "../domain/tableName.ts"
import type { Queryable } from "../postgres/Queryable.ts"
import { findNameOf } from "../postgres/catalog/findRelation.ts"
import type { Partition } from "../store/partitions.ts"
import type { Run } from "../store/runs.ts"
import { tableOf } from "./partitionTable.ts"
import { isAttached } from "./targetPartitions.ts"

/**
 * The table of a partition, if it is there and the run's: the one that it made, or one of an adopted scaffold. A table of
 * somebody else may have the name; it is neither filled, emptied nor dropped.
 */
export async function findOwnTable(tx: Queryable, run: Run, partition: Partition): Promise<TableName | undefined> {
  if (partition.tableOid !== null) return await findNameOf(tx, partition.tableOid)
  if (partition.tableName === null) return undefined
  const name = tableOf(run, partition)
  return (await isAttached(tx, run, name)) ? name : undefined
}
