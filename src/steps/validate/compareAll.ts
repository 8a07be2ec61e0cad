import { renderTableName } from "../../domain/tableName.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { type Comparison, type Partition, readPartitions, saveComparison } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import type { CompareStep, Compared } from "../Step.ts"
import { replayPartition } from "../changes/replayPartition.ts"
import { tableOf } from "../partitionTable.ts"
import { assertUnchanged } from "../source/assertUnchanged.ts"
import { watchHeap } from "../source/watchSource.ts"
import { compareMonths } from "./compareMonths.ts"
import { narrow } from "./narrow.ts"
import { pairOf } from "./validatePartition.ts"

/**
 * Compares all months at once, in one statement that reads the source once and each partition once: where the heap is
 * shuffled, month by month the source would be read as often as there are months.
 */
export const compareAll: CompareStep = async ({ tx, run }) => {
  await assertUnchanged(tx, run)
  await watchHeap({ tx, run })
  const partitions = await readPartitions(tx, run.id)
  for (const partition of partitions) await replayPartition(tx, run, partition)
  const found = await compareMonths(tx, run, partitions)
  const compared: Compared[] = []
  for (const partition of partitions) compared.push(await judge(tx, run, partition, found.get(partition.label)))
  return compared
}

async function judge(tx: Queryable, run: Run, partition: Partition, found: Comparison | undefined): Promise<Compared> {
  if (found === undefined) throw new Error(`partition ${partition.label} was not compared`)
  await saveComparison(tx, partition.id, found)
  const { sourceRows, targetRows, equal, aggregates } = found
  const facts = { table: renderTableName(tableOf(run, partition)), sourceRows, targetRows, equal, aggregates }
  if (equal) return { partition, equal, facts }
  return { partition, equal, facts: { ...facts, differences: await narrow(tx, run, pairOf(run, partition)) } }
}
