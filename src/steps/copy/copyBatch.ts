import { takeBlocks, totalBlocks } from "../../domain/blockRanges.ts"
import { nextBatchBlocks } from "../../domain/pace.ts"
import type { BlockRange } from "../../domain/blockRanges.ts"
import type { TableName } from "../../domain/tableName.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, sql, table } from "../../postgres/sql.ts"
import { saveBatch } from "../../store/batches.ts"
import type { Partition } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import type { PartitionStep } from "../Step.ts"
import { rangesOf, withinBlocks } from "../blocks.ts"
import { keyByBlocks, withinBounds } from "../keyExpression.ts"
import { findOwnTable } from "../ownTable.ts"
import { paceOf } from "../throttle/paceOf.ts"
import { tableOf } from "../partitionTable.ts"
import { hintRows, readLoading } from "./hintRows.ts"
import { createPartitionTable } from "./createPartitionTable.ts"
import { requireBlueprint } from "../requireBlueprint.ts"

/** Copies the rows of one month out of its next blocks, and leaves the checkpoint in the same transaction. */
export const copyBatch: PartitionStep = async ({ tx, run }, partition) => {
  const into = tableOf(run, partition)
  // Later on, a table that is gone is an error: an empty one in its place would lack what was copied.
  if (partition.batches === 0 && (await findOwnTable(tx, run, partition)) === undefined) {
    await createPartitionTable(tx, run, partition, into)
  }
  const { taken, nextCursor } = takeBlocks(partition.blocks, partition.nextBlock, run.batchBlocks)
  const finished = nextCursor === null
  // The indexes come right after the last batch.
  const loading = finished ? [] : await readLoading(tx, isTable(into), totalBlocks(partition.blocks))
  const batchBlocks = taken.length > 0 ? await copyBlocks(tx, run, partition, taken) : undefined
  return {
    event: { type: "batch.copied", finished },
    ...(batchBlocks === undefined ? {} : { batchBlocks }),
    ...(loading.length === 0 ? {} : { afterCommit: async (db) => await hintRows(db, loading) }),
  }
}

/** Chooses this table of `n` and `c`. */
function isTable({ schema, name }: TableName): Sql {
  return sql`n.nspname = ${schema} and c.relname = ${name}`
}

/** Returns the size of the next batch; a partition's last, shorter one says nothing about it. */
async function copyBlocks(
  tx: Queryable,
  run: Run,
  partition: Partition,
  ranges: readonly BlockRange[],
): Promise<number | undefined> {
  const startedAt = performance.now()
  const { rowCount } = await tx.query(copyStatement(run, partition, ranges))
  const elapsedMs = performance.now() - startedAt
  await saveBatch(tx, partition.id, {
    seq: partition.batches + 1,
    from: ranges[0]?.from ?? 0,
    to: ranges.at(-1)?.to ?? 0,
    rows: rowCount,
    elapsedMs,
  })
  const blocks = totalBlocks(ranges)
  if (blocks < run.batchBlocks) return undefined
  return nextBatchBlocks({ blocks, elapsedMs, rows: rowCount, ...paceOf(run.options) })
}

/**
 * Reads the ranges of blocks one after the other (see `zonesStatement` for the shape of the subquery); rows stay in the server. Most batches are
 * one range: read by itself, its rows go from table to table as they are, which saves a sixth.
 */
export function copyStatement(run: Run, partition: Partition, ranges: readonly BlockRange[]): Sql {
  const { columns: names, isAdopted } = requireBlueprint(run)
  // Only an adopted partition has its key while it loads; a row that moved ahead of the copy is met there twice.
  const isUnique = isAdopted && run.options.writes === "capture"
  const columns = join(names.map((name) => ident(name)))
  const rows = (within: Sql): Sql => sql`
    select ${columns}
    from only ${table(run.table)} as cutover_source
    where ${within} and ${withinBounds(run, keyByBlocks(run), partition.bounds)}`
  const [only, ...others] = ranges
  const all =
    only !== undefined && others.length === 0
      ? rows(withinBlocks(only))
      : sql`
    select ${join(names.map((name) => ident("cutover_found", name)))}
    from ${rangesOf(ranges)}
    cross join lateral (${rows(sql`ctid >= cutover_range.low and ctid < cutover_range.high`)} offset 0) as cutover_found`
  return sql`insert into ${table(tableOf(run, partition))} (${columns}) ${all}${isUnique ? sql` on conflict do nothing` : sql``}`
}
