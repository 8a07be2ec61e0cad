import { renderTableName } from "../domain/tableName.ts"
import { readOne } from "../postgres/Queryable.ts"
import { type Sql, ident, join, sql, table } from "../postgres/sql.ts"
import { type Comparison, type Partition, saveComparison } from "../store/partitions.ts"
import type { Run } from "../store/runs.ts"
import type { PartitionStep } from "./Step.ts"
import { rangesOf } from "./copyBatch.ts"
import { keyWithin } from "./keyExpression.ts"
import { tableOf } from "./partitionTable.ts"
import { hashOfRow } from "./rowHash.ts"
import { requireBlueprint } from "./scaffold.ts"

/** Compares a month on both sides: rows, the sum of all row hashes, and beside them the sums of the numeric columns. */
export const validatePartition: PartitionStep = async ({ tx, run }, partition) => {
  await tx.query(sql`select set_config('statement_timeout', '0', true)`)
  const found = await comparePartition(tx, run, partition)
  await saveComparison(tx, partition.id, found)
  const { sourceRows, targetRows, equal, aggregates } = found
  const facts = { table: renderTableName(tableOf(run, partition)), sourceRows, targetRows, equal, aggregates }
  return { event: { type: equal ? "validated" : "differed" }, facts }
}

type Side = { readonly rows: string; readonly hash: string; readonly sums: Readonly<Record<string, string | null>> }

async function comparePartition(tx: Parameters<PartitionStep>[0]["tx"], run: Run, partition: Partition): Promise<Comparison> {
  const { source, target } = await readOne<{ source: Side; target: Side }>(tx, comparisonStatement(run, partition))
  return {
    sourceRows: source.rows,
    targetRows: target.rows,
    sourceHash: source.hash,
    targetHash: target.hash,
    equal: source.rows === target.rows && source.hash === target.hash,
    aggregates: Object.fromEntries(
      Object.keys(source.sums).map((name) => [name, { source: source.sums[name] ?? null, target: target.sums[name] ?? null }]),
    ),
  }
}

/** One statement, so one snapshot for both sides. The source's side reads only the blocks that hold the month. */
export function comparisonStatement(run: Run, partition: Partition): Sql {
  const { source } = requireBlueprint(run)
  const numeric = source.columns.filter((column) => column.category === "N" && column.builtinType !== "oid")
  const each = sql`
    select count(*) as rows,
           sum(${hashOfRow(source.columns)}) as hash
           ${join(numeric.map((column, n) => sql`, sum(${ident(column.name)}) as ${ident(`sum_${n}`)}`), "")}`
  const all = sql`
    select json_build_object(
      'rows', coalesce(sum(cutover_found.rows), 0)::text,
      'hash', coalesce(sum(cutover_found.hash), 0)::text,
      'sums', json_build_object(${join(numeric.map((column, n) => sql`${column.name}::text, sum(${ident(`sum_${n}`)})::text`))})
    )`
  return sql`
    select (
      ${all}
      from ${rangesOf(partition.blocks)}
      cross join lateral (
        ${each}
        from only ${table(run.table)} as cutover_source
        where ctid >= cutover_range.low and ctid < cutover_range.high and ${keyWithin(run, partition.bounds)}
      ) as cutover_found
    ) as source, (
      ${all}
      from (
        ${each}
        from only ${table(tableOf(run, partition))} as cutover_target
      ) as cutover_found
    ) as target`
}
