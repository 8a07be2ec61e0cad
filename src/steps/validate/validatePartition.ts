import { renderTableName } from "../../domain/tableName.ts"
import { changeLogOf } from "../../store/changeLog.ts"
import { type Partition, readAllBlocks, saveComparison } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import type { PartitionStep } from "../Step.ts"
import { replayPartition } from "../changes/replayPartition.ts"
import { tableOf } from "../partitionTable.ts"
import { type Pair, compare } from "./compare.ts"
import { narrow } from "./narrow.ts"

/**
 * Compares a month on both sides: rows, the sum of all row hashes, and beside them the sums of the numeric columns. A row
 * whose change does not wait in the log lies where the survey saw it, or where the last replay found it.
 */
export const validatePartition: PartitionStep = async ({ tx, run }, partition) => {
  await replayPartition(tx, run, partition)
  const pair = { ...pairOf(run, partition), blocks: await readAllBlocks(tx, partition) }
  const found = await compare(tx, run, pair)
  await saveComparison(tx, partition.id, found)
  const { sourceRows, targetRows, equal, aggregates } = found
  const facts = { table: renderTableName(tableOf(run, partition)), sourceRows, targetRows, equal, aggregates }
  if (equal) return { event: { type: "validated" }, facts }
  return { event: { type: "differed" }, facts: { ...facts, differences: await narrow(tx, run, pair) } }
}

/** A month of the source, and its partition, before the swap. */
export function pairOf(run: Run, partition: Partition): Pair {
  return {
    plain: run.table,
    partition: tableOf(run, partition),
    bounds: partition.bounds,
    log: run.options.writes === "capture" ? changeLogOf(run) : null,
    blocks: null,
  }
}
