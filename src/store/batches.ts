import type { Queryable } from "../postgres/Queryable.ts"
import { sql } from "../postgres/sql.ts"

/** What a batch did: blocks `from` (inclusive) to `to` (exclusive) of the source, and how long it took. */
export type Batch = {
  readonly seq: number
  readonly from: number
  readonly to: number
  readonly rows: number
  readonly elapsedMs: number
}

/** The checkpoint of a batch, in the transaction that copied its rows: its own row, and its partition's progress. */
export async function saveBatch(tx: Queryable, partitionId: string, batch: Batch): Promise<void> {
  await tx.query(sql`
    with written as (
      insert into cutover.batches (partition_id, seq, from_block, to_block, rows, elapsed_ms)
      values (${partitionId}, ${batch.seq}, ${batch.from}, ${batch.to}, ${batch.rows}, ${batch.elapsedMs})
    )
    update cutover.partitions
    set next_block = ${batch.to}, rows_copied = rows_copied + ${batch.rows}, batches = ${batch.seq}
    where id = ${partitionId}`)
}
