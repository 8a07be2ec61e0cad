import type { TableName } from "../../domain/tableName.ts"
import { type Queryable, findOne } from "../../postgres/Queryable.ts"
import { type Sql, sql, table } from "../../postgres/sql.ts"
import { changeLogOf } from "../../store/changeLog.ts"
import type { Partition } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { withinBounds } from "../keyExpression.ts"
import { logKey } from "./logColumns.ts"
import { takenByPartition, withinAny } from "./strays.ts"
import {
  byIndex,
  chooseSome,
  deleteTakenStatement,
  insertTakenStatement,
  planFor,
  takeStatement,
  takenKeys,
  takenKeysStatement,
} from "./takenKeys.ts"

export type Replayed = { readonly keys: number; readonly deleted: number; readonly inserted: number }

/**
 * Makes a table equal to the source for the keys in the change log: takes keys out of the log, deletes their rows, and
 * inserts what the source has for them now. All in the caller's transaction. Idempotent and free of order: whatever
 * became of a key, its row is read again, and a change that commits meanwhile is in the log still.
 *
 * Each statement has a snapshot of its own, and the source is read after the keys were taken; never the other way.
 */
export async function replay(
  tx: Queryable,
  run: Run,
  into: TableName,
  { partition, among, limit }: ReplayScope = {},
): Promise<Replayed> {
  const log = changeLogOf(run)
  const within = await chosenBy(tx, run, { partition, among })
  await tx.query(takenKeysStatement(run))
  const { rowCount: keys } = await tx.query(
    takeStatement(run, log, limit === undefined ? within : chooseSome(log, within, limit)),
  )
  if (keys === 0) return { keys, deleted: 0, inserted: 0 }
  await planFor(tx, run, keys)
  const { rowCount: deleted } = await tx.query(deleteTakenStatement(run, into))
  const { rowCount: inserted } = await tx.query(
    insertTakenStatement(
      run,
      sql`only ${table(run.table)}`,
      into,
      partition === undefined
        ? sql``
        : sql` and ${withinBounds(run, run.key.column, partition.bounds, "cutover_source")}`,
    ),
  )
  await tx.query(byIndex("on"))
  await tx.query(sql`delete from ${takenKeys(run)}`)
  await assertNotTruncated(tx, run)
  return { keys, deleted, inserted }
}

export type ReplayScope = {
  /** Only the keys of this partition, which may not be attached yet. */
  readonly partition?: Partition | undefined
  /** Only the keys of these partitions, which are; where both are missing, of all. */
  readonly among?: readonly Partition[] | undefined
  /** How many entries of the log to take at most; all where it is missing. */
  readonly limit?: number | undefined
}

/** A condition on the entries `cutover_log`. */
async function chosenBy(tx: Queryable, run: Run, { partition, among }: ReplayScope): Promise<Sql> {
  const key = logKey(run)
  if (partition !== undefined) return withinBounds(run, key, partition.bounds)
  if (among === undefined) return sql`(${await takenByPartition(tx, run, key, "cutover_log")})`
  const bounds = among.map((one) => one.bounds)
  return sql`(${withinAny(run, key, "cutover_log", bounds)})`
}

/** A TRUNCATE that came before a change we have just replayed must be heeded before that change, not after it. */
export class SourceTruncatedError extends Error {}

export async function assertNotTruncated(tx: Queryable, run: Run): Promise<void> {
  const found = await findOne(tx, sql`select 1 from cutover.truncations where run_id = ${run.id} limit 1`)
  if (found !== undefined) throw new SourceTruncatedError(`the source of run ${run.id} was truncated`)
}
