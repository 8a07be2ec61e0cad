import { labelOf } from "../../domain/interval.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, literal, sql, table } from "../../postgres/sql.ts"
import { changeLogOf } from "../../store/changeLog.ts"
import type { Comparison, Partition } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { takenByPartition } from "../changes/strays.ts"
import { intervalStartOfKey } from "../keyExpression.ts"
import { tableOf } from "../partitionTable.ts"
import { defaultLabel } from "../prep/survey.ts"
import { type Side, comparisonOf, leavingOut, measures, sumsOf } from "./compare.ts"

type Found = Side & { readonly side: "source" | "target"; readonly start: string | null; readonly label: string | null }

/**
 * Both sides of all months, in one statement, so in one snapshot, by label. Of the source, rows that no month takes yet are
 * left out: their keys are in the change log.
 */
export async function compareMonths(
  tx: Queryable,
  run: Run,
  partitions: readonly Partition[],
): Promise<Map<string, Comparison>> {
  const { rows } = await tx.query<Found>(await monthsStatement(tx, run, partitions))
  const sideOf = (side: Found["side"], label: string): Side =>
    rows.find((row) => row.side === side && labelFound(run, row) === label) ?? {
      rows: "0",
      hash: "0",
      sums: rows[0]?.sums.map(() => null) ?? [],
    }
  return new Map(
    partitions.map(({ label }) => [label, comparisonOf(run, sideOf("source", label), sideOf("target", label))]),
  )
}

function labelFound(run: Run, { side, start, label }: Found): string | null {
  if (side === "target") return label
  return start === null ? defaultLabel : labelOf(run.options.interval, start)
}

async function monthsStatement(tx: Queryable, run: Run, partitions: readonly Partition[]): Promise<Sql> {
  const taken = await takenByPartition(tx, run, run.key.column, "cutover_row")
  const ofSource = settled(
    run,
    sql`
      select ${intervalStartOfKey(run)}::text as start, ${measures(run)}
      from only ${table(run.table)} as cutover_row
      where (${taken})`,
    sql`group by 1`,
  )
  const ofPartition = (partition: Partition): Sql => {
    const ofTable = settled(
      run,
      sql`select ${measures(run)} from only ${table(tableOf(run, partition))} as cutover_row where true`,
      sql`having count(*) > 0`,
    )
    return sql`
      select 'target' as side, null as start, ${literal(partition.label)} as label, ${totals(run)}
      from (${ofTable}) as cutover_found`
  }
  return sql`
    select 'source' as side, start, null as label, ${totals(run)} from (${ofSource}) as cutover_found
    union all
    ${join(partitions.map(ofPartition), "\nunion all\n")}`
}

/** Whether any change waits, of whatever month: the source is read for all months at once. */
function settled(run: Run, select: Sql, after: Sql): Sql {
  if (run.options.writes !== "capture") return sql`${select} ${after}`
  const log = changeLogOf(run)
  return leavingOut(run, log, { select, waiting: sql`from ${table(log)}`, after })
}

function totals(run: Run): Sql {
  const sums = sumsOf(run).map((name) => sql`cutover_found.${ident(name)}::text`)
  return sql`
    cutover_found.rows::text as rows,
    coalesce(cutover_found.hash, 0)::text as hash,
    array[${join(sums)}]::text[] as sums`
}
