import type { TableName } from "../../domain/tableName.ts"
import { labelOf } from "../../domain/interval.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, ident, sql } from "../../postgres/sql.ts"
import { changeLogOf, countKeys } from "../../store/changeLog.ts"
import { type Partition, addRelocation } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { withinBounds } from "../keyExpression.ts"
import { assertNotTruncated } from "../source/assertSameHeap.ts"
import { defaultLabel } from "../prep/survey.ts"
import { logKey } from "./logColumns.ts"
import { takenByPartition, withinAny } from "./strays.ts"
import {
  byIndex,
  chooseSome,
  deleteTakenStatement,
  insertAndLocateStatement,
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
  if ((await countKeys(tx, log, 1)) === 0) return { keys: 0, deleted: 0, inserted: 0 }
  const within = await chosenBy(tx, run, { partition, among })
  await tx.query(takenKeysStatement(run))
  const { rowCount: keys } = await tx.query(
    takeStatement(run, log, limit === undefined ? within : chooseSome(log, within, limit)),
  )
  if (keys === 0) return { keys, deleted: 0, inserted: 0 }
  await planFor(tx, run, keys)
  const { rowCount: deleted } = await tx.query(deleteTakenStatement(run, into))
  const inserted = await insertNow(tx, run, into, partition)
  await tx.query(byIndex("on"))
  await tx.query(sql`delete from ${takenKeys(run)}`)
  await assertNotTruncated(tx, run)
  return { keys, deleted, inserted }
}

/** Inserts what the source has now, and notes in which blocks of its heap that was: a validation looks for it there. */
async function insertNow(tx: Queryable, run: Run, into: TableName, partition: Partition | undefined): Promise<number> {
  const within =
    partition === undefined
      ? sql``
      : sql` and ${withinBounds(run, ident("cutover_source", run.key.column), partition.bounds)}`
  const { rows: found } = await tx.query<{ start: string | null; rows: number; blocks: string }>(
    insertAndLocateStatement(run, into, within),
  )
  for (const { start, blocks } of found) {
    await addRelocation(tx, run.id, start === null ? defaultLabel : labelOf(run.options.interval, start), blocks)
  }
  return found.reduce((all, one) => all + one.rows, 0)
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
  const key = ident("cutover_log", logKey(run))
  if (partition !== undefined) return withinBounds(run, key, partition.bounds)
  if (among === undefined) return sql`(${await takenByPartition(tx, run, key)})`
  const bounds = among.map((one) => one.bounds)
  return sql`(${withinAny(run, key, bounds)})`
}
