import type { Queryable } from "../../postgres/Queryable.ts"
import { findNameOf } from "../../postgres/catalog/findRelation.ts"
import { sql, table } from "../../postgres/sql.ts"
import { type Partition, saveTableOid } from "../../store/partitions.ts"

/** Drops the table that the run made for a partition, and never another that has its name. */
export async function dropPartitionTable(tx: Queryable, partition: Partition): Promise<void> {
  if (partition.tableOid === null) return
  const name = await findNameOf(tx, partition.tableOid)
  if (name !== undefined) await tx.query(sql`drop table ${table(name)} restrict`)
  await saveTableOid(tx, partition.id, null)
}
