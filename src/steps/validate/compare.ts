import type { TableName } from "../../domain/tableName.ts"
import type { BlockRange } from "../../domain/blockRanges.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, sql, table } from "../../postgres/sql.ts"
import type { ColumnDescription } from "../../postgres/catalog/TableDescription.ts"
import type { Bounds, Comparison } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { logColumns, logKey } from "../changes/logColumns.ts"
import { rangesOf } from "../blocks.ts"
import { keyByBlocks, keyWithin, withinBounds } from "../keyExpression.ts"
import { hashOfRow } from "./rowHash.ts"
import { requireBlueprint } from "../requireBlueprint.ts"

/** What is compared: the rows of `plain` within the bounds, and all rows of `partition`. */
export type Pair = {
  /** The table that is not partitioned: the source, or the legacy table. */
  readonly plain: TableName
  readonly partition: TableName
  readonly bounds: Bounds | null
  /** The log whose keys still wait, and are left out on both sides; null where writes are refused. */
  readonly log: TableName | null
  /** Where in the heap of `plain` the rows are; null for anywhere. */
  readonly blocks: readonly BlockRange[] | null
}

export type Side = { readonly rows: string; readonly hash: string; readonly sums: readonly (string | null)[] }

/** Counts the rows of both sides and sums their hashes, and beside them the numeric columns. One statement, so one snapshot. */
export async function compare(db: Queryable, run: Run, pair: Pair): Promise<Comparison> {
  const { plain, partition } = await readOne<{ plain: Side; partition: Side }>(db, comparisonStatement(run, pair))
  return comparisonOf(run, plain, partition)
}

export function comparisonOf(run: Run, plain: Side, partition: Side): Comparison {
  return {
    sourceRows: plain.rows,
    targetRows: partition.rows,
    sourceHash: plain.hash,
    targetHash: partition.hash,
    equal: plain.rows === partition.rows && plain.hash === partition.hash,
    aggregates: Object.fromEntries(
      numericColumns(run).map((column, n) => [
        column.name,
        { source: plain.sums[n] ?? null, target: partition.sums[n] ?? null },
      ]),
    ),
  }
}

/** Where it is known, the plain side reads only the blocks that hold the month. */
export function comparisonStatement(run: Run, pair: Pair): Sql {
  const within = withinBounds(run, keyByBlocks(run), pair.bounds)
  const plain =
    pair.blocks === null
      ? sql`(${measured(run, pair, pair.plain, keyWithin(run, pair.bounds))}) as cutover_found`
      : sql`${rangesOf(pair.blocks)} cross join lateral (
          ${measured(run, pair, pair.plain, sql`${within} and ctid >= cutover_range.low and ctid < cutover_range.high`)}
        ) as cutover_found`
  const partition = sql`(${measured(run, pair, pair.partition, sql`true`)}) as cutover_found`
  return sql`select (${totals(run)} from ${plain}) as plain, (${totals(run)} from ${partition}) as partition`
}

function measured(run: Run, { log, bounds }: Pair, relation: TableName, where: Sql): Sql {
  const select = sql`select ${measures(run)} from only ${table(relation)} as cutover_row where ${where}`
  if (log === null) return select
  // A change is logged under all keys that the row had: without an entry of the month both sides of it are as they were replayed.
  const ofMonth = withinBounds(run, ident("cutover_changes", logKey(run)), bounds)
  return leavingOut(run, log, { select, waiting: sql`from ${table(log)} as cutover_changes where ${ofMonth}` })
}

/**
 * The rows `cutover_row` of a SELECT whose changes do not wait in the log. Most of the time none wait, and asking that of each
 * row costs a good part of hashing it: so it is asked once whether there are any (`waiting`), and one of the two branches
 * is not executed at all. Both sides of a comparison must ask the same: a row may wait under a month that it has left.
 */
export function leavingOut(
  run: Run,
  log: TableName,
  { select, waiting, after = sql`` }: { readonly select: Sql; readonly waiting: Sql; readonly after?: Sql },
): Sql {
  const isWaiting = sql`(select exists (select ${waiting}))`
  return sql`
    ${select} and not ${isWaiting} ${after}
    union all
    ${select} and ${isWaiting} and ${isSettled(run, { log })} ${after}`
}

/** The rows `cutover_row` of the plain table that are compared. */
export function plainRows(run: Run, pair: Pair): Sql {
  return sql`${keyWithin(run, pair.bounds)} and ${isSettled(run, pair)}`
}

/** No change of the row `cutover_row` waits in the log. */
export function isSettled(run: Run, { log }: Pick<Pair, "log">): Sql {
  if (log === null) return sql`true`
  const identity = requireBlueprint(run).identity ?? []
  const same = logColumns(run)
    .filter((column) => identity.includes(column.of))
    .map(({ name, of }) => sql`${ident("cutover_changes", name)} = ${ident("cutover_row", of)}`)
  return sql`not exists (select from ${table(log)} as cutover_changes where ${join(same, " and ")})`
}

/** What is measured of each side, as the columns `rows`, `hash` and those of `sumsOf`. */
export function measures(run: Run): Sql {
  const sums = numericColumns(run).map((column, n) => sql`, sum(${ident(column.name)}) as ${ident(`sum_${n}`)}`)
  return sql`count(*) as rows, sum(${hashOfRow(requireBlueprint(run).source.columns)}) as hash ${join(sums, "")}`
}

/** The names of the sums of the numeric columns, in their order. */
export function sumsOf(run: Run): string[] {
  return numericColumns(run).map((_, n) => `sum_${n}`)
}

function totals(run: Run): Sql {
  const sums = numericColumns(run).map((_, n) => sql`sum(cutover_found.${ident(`sum_${n}`)})::text`)
  return sql`
    select json_build_object(
      'rows', coalesce(sum(cutover_found.rows), 0)::text,
      'hash', coalesce(sum(cutover_found.hash), 0)::text,
      'sums', array[${join(sums)}]::text[]
    )`
}

/** The columns whose sums are shown, as a person's spot check would. */
function numericColumns(run: Run): readonly ColumnDescription[] {
  return requireBlueprint(run).source.columns.filter(
    (column) => column.category === "N" && column.builtinType !== "oid",
  )
}
