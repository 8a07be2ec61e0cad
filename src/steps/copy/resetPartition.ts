import { targetName } from "../../domain/derivedNames.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { sql, table } from "../../postgres/sql.ts"
import { type Partition, clearProgress, widenBlocks } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { heapBlocks } from "../prep/guardWrites.ts"
import { findOwnTable } from "../ownTable.ts"
import { readTargetPartitions } from "../targetPartitions.ts"

/** Drops the table of a month, so that its copy begins anew. Before the swap nobody but us uses it. */
export async function resetPartition(tx: Queryable, run: Run, partition: Partition): Promise<void> {
  if (partition.tableName === null) return
  const name = await findOwnTable(tx, run, partition)
  if (name !== undefined) {
    const attached = await readTargetPartitions(tx, run)
    if (attached.some((one) => one.name === name.name && one.schema === name.schema)) {
      await tx.query(sql`alter table ${table(targetName(run.table))} detach partition ${table(name)}`)
    }
    await tx.query(sql`drop table ${table(name)} restrict`)
  }
  await clearProgress(tx, partition.id)
  if (run.options.writes !== "capture") return
  const { blocks } = await readOne<{ blocks: string }>(tx, heapBlocks(run.sourceOid))
  await widenBlocks(tx, partition.id, Number(blocks))
}
