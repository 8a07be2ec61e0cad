import { renderTableName } from "../../domain/tableName.ts"
import { readOne } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, sql, table } from "../../postgres/sql.ts"
import type { ColumnDescription } from "../../postgres/catalog/TableDescription.ts"
import { type Comparison, type Partition, saveComparison } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import type { PartitionStep } from "../Step.ts"
import { rangesOf } from "../copy/copyBatch.ts"
import { changeLogOf } from "../../store/changeLog.ts"
import { logColumns } from "../changes/logColumns.ts"
import { keyWithin } from "../keyExpression.ts"
import { tableOf } from "../partitionTable.ts"
import { replayPartition } from "../changes/replayPartition.ts"
import { hashOfRow } from "./rowHash.ts"
import { requireBlueprint } from "../prep/scaffold.ts"

/** Compares a month on both sides: rows, the sum of all row hashes, and beside them the sums of the numeric columns. */
export const validatePartition: PartitionStep = async ({ tx, run }, partition) => {
  await tx.query(sql`select set_config('statement_timeout', '0', true)`)
  await replayPartition(tx, run, partition)
  const found = await comparePartition(tx, run, partition)
  await saveComparison(tx, partition.id, found)
  const { sourceRows, targetRows, equal, aggregates } = found
  const facts = { table: renderTableName(tableOf(run, partition)), sourceRows, targetRows, equal, aggregates }
  return { event: { type: equal ? "validated" : "differed" }, facts }
}

type Side = { readonly rows: string; readonly hash: string; readonly sums: readonly (string | null)[] }

async function comparePartition(
  tx: Parameters<PartitionStep>[0]["tx"],
  run: Run,
  partition: Partition,
): Promise<Comparison> {
  const { source, target } = await readOne<{ source: Side; target: Side }>(tx, comparisonStatement(run, partition))
  return {
    sourceRows: source.rows,
    targetRows: target.rows,
    sourceHash: source.hash,
    targetHash: target.hash,
    equal: source.rows === target.rows && source.hash === target.hash,
    aggregates: Object.fromEntries(
      numericColumns(run).map((column, n) => [
        column.name,
        { source: source.sums[n] ?? null, target: target.sums[n] ?? null },
      ]),
    ),
  }
}

/**
 * One statement, so one snapshot for both sides. Where writes are refused, the source's side reads only the blocks that
 * hold the month; where they are captured, a row may be anywhere, and keys that wait in the change log are left out.
 */
export function comparisonStatement(run: Run, partition: Partition): Sql {
  const { source } = requireBlueprint(run)
  const numeric = numericColumns(run)
  const each = sql`
    select count(*) as rows,
           sum(${hashOfRow(source.columns)}) as hash
           ${join(
             numeric.map((column, n) => sql`, sum(${ident(column.name)}) as ${ident(`sum_${n}`)}`),
             "",
           )}`
  const all = sql`
    select json_build_object(
      'rows', coalesce(sum(cutover_found.rows), 0)::text,
      'hash', coalesce(sum(cutover_found.hash), 0)::text,
      'sums', array[${join(numeric.map((_, n) => sql`sum(cutover_found.${ident(`sum_${n}`)})::text`))}]::text[]
    )`
  const ofSource = sql`
    ${each}
    from only ${table(run.table)} as cutover_row
    where ${keyWithin(run, partition.bounds)}`
  const sourceSide =
    run.options.writes === "capture"
      ? sql`${all} from (${ofSource} and ${isSettled(run)}) as cutover_found`
      : sql`${all} from ${rangesOf(partition.blocks)} cross join lateral (
          ${ofSource} and ctid >= cutover_range.low and ctid < cutover_range.high
        ) as cutover_found`
  const settled = run.options.writes === "capture" ? sql`where ${isSettled(run)}` : sql``
  return sql`
    select (${sourceSide}) as source,
           (${all} from (${each} from only ${table(tableOf(run, partition))} as cutover_row ${settled}) as cutover_found) as target`
}

/** The columns whose sums are shown, as a person's spot check would. */
function numericColumns(run: Run): readonly ColumnDescription[] {
  return requireBlueprint(run).source.columns.filter(
    (column) => column.category === "N" && column.builtinType !== "oid",
  )
}

/** No change of the row waits in the log. */
function isSettled(run: Run): Sql {
  const identity = requireBlueprint(run).identity ?? []
  const same = logColumns(run)
    .filter((column) => identity.includes(column.of))
    .map(({ name, of }) => sql`${ident("cutover_changes", name)} = ${ident("cutover_row", of)}`)
  return sql`not exists (select from ${table(changeLogOf(run))} as cutover_changes where ${join(same, " and ")})`
}
