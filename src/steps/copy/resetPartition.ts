import { targetName } from "../../domain/derivedNames.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { sql, table } from "../../postgres/sql.ts"
import { type Partition, clearProgress, widenBlocks } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { heapBlocks } from "../prep/guardWrites.ts"
import { tableOf } from "../partitionTable.ts"
import { dropPartitionTable } from "./dropPartitionTable.ts"
import { isAttached } from "../targetPartitions.ts"

/** Drops the table of a month, so that its copy begins anew; one of an adopted scaffold is emptied. Before the swap nobody but us uses it. */
export async function resetPartition(tx: Queryable, run: Run, partition: Partition): Promise<void> {
  if (partition.tableName === null) return
  const name = tableOf(run, partition)
  if (await isAttached(tx, run, name)) {
    const isOurs = partition.tableOid !== null
    await tx.query(
      isOurs
        ? sql`alter table ${table(targetName(run.table))} detach partition ${table(name)}`
        : sql`truncate ${table(name)}`,
    )
  }
  await dropPartitionTable(tx, partition)
  await clearProgress(tx, partition.id)
  if (run.options.writes !== "capture") return
  const { blocks } = await readOne<{ blocks: string }>(tx, sql`select ${heapBlocks(run.sourceOid)} as blocks`)
  await widenBlocks(tx, partition.id, Number(blocks))
}
