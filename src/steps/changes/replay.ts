import type { TableName } from "../../domain/tableName.ts"
import { type Queryable, findOne } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, raw, sql, table } from "../../postgres/sql.ts"
import type { Partition } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { changeLogOf } from "../../store/changeLog.ts"
import { logColumns, logKey } from "./changeLog.ts"
import { takenByPartition } from "./strays.ts"
import { withinBounds } from "../keyExpression.ts"
import { requireBlueprint } from "../prep/scaffold.ts"

export type Replayed = { readonly keys: number; readonly deleted: number; readonly inserted: number }

/** Below this, keys are looked up by index one by one; the planner must not take a scan of the table for cheaper. */
const fewKeys = 2_000

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
  { partition, limit }: ReplayScope = {},
): Promise<Replayed> {
  const keys = await takeKeys(tx, run, partition, limit)
  if (keys === 0) return { keys, deleted: 0, inserted: 0 }
  const isFew = keys <= fewKeys
  await tx.query(isFew ? byIndex("off") : sql`analyze ${takenKeys(run)}`)
  const { rowCount: deleted } = await tx.query(sql`
    delete from ${table(into)} as cutover_target using ${takenKeys(run)} as cutover_taken
    where ${sameKey(run, "cutover_target")}`)
  const { rowCount: inserted } = await tx.query(insertStatement(run, into, partition))
  if (isFew) await tx.query(byIndex("on"))
  await tx.query(sql`delete from ${takenKeys(run)}`)
  await assertNotTruncated(tx, run)
  return { keys, deleted, inserted }
}

export type ReplayScope = {
  /** Only the keys of this partition; where it is missing, all that fall into some partition of the target. */
  readonly partition?: Partition | undefined
  /** How many entries of the log to take at most; all where it is missing. */
  readonly limit?: number | undefined
}

async function takeKeys(
  tx: Queryable,
  run: Run,
  partition: Partition | undefined,
  limit: number | undefined,
): Promise<number> {
  const log = table(changeLogOf(run))
  const columns = logColumns(run)
  const names = join(columns.map((column) => ident(column.name)))
  await tx.query(sql`
    create temporary table if not exists ${takenKeys(run)} (${join(columns.map((one) => sql`${ident(one.name)} ${raw(one.type)}`))})
    on commit delete rows`)
  const within =
    partition === undefined
      ? sql`(${await takenByPartition(tx, run, logKey(run), "cutover_log")})`
      : withinBounds(run, logKey(run), partition.bounds)
  const chosen =
    limit === undefined
      ? within
      : sql`ctid = any (array(select ctid from ${log} as cutover_log where ${within} limit ${limit}))`
  const { rowCount } = await tx.query(sql`
    with gone as (delete from ${log} as cutover_log where ${chosen} returning ${names})
    insert into ${takenKeys(run)} (${names}) select distinct ${names} from gone`)
  return rowCount
}

function insertStatement(run: Run, into: TableName, partition: Partition | undefined): Sql {
  const columns = requireBlueprint(run).columns
  const names = join(columns.map((name) => ident(name)))
  const within =
    partition === undefined ? sql`` : sql` and ${withinBounds(run, run.key.column, partition.bounds, "cutover_source")}`
  return sql`
    insert into ${table(into)} (${names}) overriding system value
    select ${join(columns.map((name) => ident("cutover_source", name)))}
    from only ${table(run.table)} as cutover_source
    join ${takenKeys(run)} as cutover_taken on ${sameKey(run, "cutover_source")}${within}`
}

/** Rows of the default partition have no partition key, which equals nothing. */
function sameKey(run: Run, alias: string): Sql {
  const mayBeNull = run.options.nullKeys !== "refuse"
  return join(
    logColumns(run).map(({ name, of }) => {
      const [row, taken] = [ident(alias, of), ident("cutover_taken", name)]
      const isEqual = sql`${row} = ${taken}`
      return mayBeNull && of === run.key.column ? sql`(${isEqual} or (${row} is null and ${taken} is null))` : isEqual
    }),
    " and ",
  )
}

function byIndex(others: "on" | "off"): Sql {
  return sql`select set_config('enable_hashjoin', ${others}, true), set_config('enable_mergejoin', ${others}, true),
                    set_config('enable_seqscan', ${others}, true)`
}

function takenKeys(run: Run): Sql {
  return ident("pg_temp", `cutover_taken_${run.id.toLowerCase()}`)
}

/** A TRUNCATE that came before a change we have just replayed must be heeded before that change, not after it. */
export class SourceTruncatedError extends Error {}

async function assertNotTruncated(tx: Queryable, run: Run): Promise<void> {
  const found = await findOne(tx, sql`select 1 from cutover.truncations where run_id = ${run.id} limit 1`)
  if (found !== undefined) throw new SourceTruncatedError(`the source of run ${run.id} was truncated`)
}
