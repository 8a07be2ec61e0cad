import { labelOf } from "../../domain/interval.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, literal, sql, table } from "../../postgres/sql.ts"
import { changeLogOf } from "../../store/changeLog.ts"
import type { Comparison, Partition } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { type Stripe, readStripes } from "../../store/stripes.ts"
import { takenByPartition } from "../changes/strays.ts"
import { dayOfKey, keyByBlocks } from "../keyExpression.ts"
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

/**
 * The source in as many stretches as were swept, so that PostgreSQL can give each to a worker of its own, beside those that read the
 * partitions (Parallel Append); all within the snapshot of the statement.
 */
async function monthsStatement(tx: Queryable, run: Run, partitions: readonly Partition[]): Promise<Sql> {
  const taken = await takenByPartition(tx, run, keyByBlocks(run, "cutover_row"))
  const { day, startOf } = dayOfKey(run)
  const columns = join([sql`rows`, sql`hash`, ...sumsOf(run).map((name) => ident(name))])
  const ofStretch = (stretch: Sql): Sql => {
    const ofSource = settled(
      run,
      sql`select ${day} as day, ${measures(run)} from only ${table(run.table)} as cutover_row where (${taken}) and ${stretch}`,
      sql`group by 1`,
    )
    return sql`
      select 'source' as side, ${startOf(sql`cutover_found.day`)} as start, null::text as label, ${columns}
      from (${ofSource}) as cutover_found`
  }
  const ofPartition = (partition: Partition): Sql => {
    const ofTable = settled(
      run,
      sql`select ${measures(run)} from only ${table(tableOf(run, partition))} as cutover_row where true`,
      sql`having count(*) > 0`,
    )
    return sql`
      select 'target' as side, null::date as start, ${literal(partition.label)} as label, ${columns}
      from (${ofTable}) as cutover_found`
  }
  const stretches = stretchesOf(await readStripes(tx, run.id))
  return sql`
    select side, start::text as start, label, ${totals(run)}
    from (${join([...stretches.map(ofStretch), ...partitions.map(ofPartition)], "\nunion all\n")}) as cutover_sides
    group by side, start, label`
}

/** Between the edges of the stripes; the last one has no end, for the heap may have grown. */
function stretchesOf(stripes: readonly Stripe[]): Sql[] {
  const edges = stripes.slice(0, -1).map(({ to }) => sql`${literal(`(${to},0)`)}::tid`)
  return Array.from({ length: edges.length + 1 }, (_, n) => {
    const [from, to] = [edges[n - 1], edges[n]]
    const isFrom = from === undefined ? [] : [sql`ctid >= ${from}`]
    const isBefore = to === undefined ? [] : [sql`ctid < ${to}`]
    return join([sql`true`, ...isFrom, ...isBefore], " and ")
  })
}

/** Whether any change waits, of whatever month: the source is read for all months at once. */
function settled(run: Run, select: Sql, after: Sql): Sql {
  if (run.options.writes !== "capture") return sql`${select} ${after}`
  const log = changeLogOf(run)
  return leavingOut(run, log, { select, waiting: sql`from ${table(log)}`, after })
}

function totals(run: Run): Sql {
  const sums = sumsOf(run).map((name) => sql`sum(${ident(name)})::text`)
  return sql`
    sum(rows)::text as rows,
    coalesce(sum(hash), 0)::text as hash,
    array[${join(sums)}]::text[] as sums`
}
