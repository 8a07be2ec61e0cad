import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, sql, table } from "../../postgres/sql.ts"
import { readPartitions } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { findOwnTable } from "../ownTable.ts"
import { noteHeap } from "../source/assertSameHeap.ts"

/** An expression: whether there was a TRUNCATE of the source that nobody has heeded yet. */
export function isTruncated(run: Run): Sql {
  return sql`exists (select from cutover.truncations where run_id = ${run.id} and relation = ${run.sourceOid})`
}

/**
 * A TRUNCATE of the source empties what was copied of it. Whatever the source holds now was written afterwards, so it is
 * in the change log, and comes back by replay; copies that are under way find empty blocks.
 *
 * The marks are deleted first: whoever comes second waits for the first to commit, and then finds none. It would empty
 * the partitions once more otherwise, of what the first has replayed.
 */
export async function heedTruncation(tx: Queryable, run: Run): Promise<void> {
  const { rowCount } = await tx.query(
    sql`delete from cutover.truncations where run_id = ${run.id} and relation = ${run.sourceOid}`,
  )
  if (rowCount === 0) return
  for (const partition of await readPartitions(tx, run.id)) {
    const name = await findOwnTable(tx, run, partition)
    if (name !== undefined) await tx.query(sql`truncate ${table(name)}`)
  }
  // Where the way back is prepared the partitions have triggers too, which have noted what was just done.
  await tx.query(sql`delete from cutover.truncations where run_id = ${run.id} and relation <> ${run.sourceOid}`)
  await tx.query(sql`update cutover.partitions set rows_copied = 0, rows_estimated = 0 where run_id = ${run.id}`)
  await noteHeap(tx, run)
}
