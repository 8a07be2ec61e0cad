import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, sql, table } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import { type Pair, isSettled, plainRows } from "./compare.ts"
import { hashOfRow } from "./rowHash.ts"
import { requireBlueprint } from "../requireBlueprint.ts"

/** In what two sides differ: how many rows of each kind, and some of them by their keys. */
export type Differences = {
  /** Rows that the partition lacks. */
  readonly missing: number
  /** Rows that only the partition has. */
  readonly extra: number
  /** Rows that both have under the same keys, with different content. */
  readonly changed: number
  readonly examples: readonly { readonly kind: "missing" | "extra" | "changed"; readonly key: string }[]
}

/** So many rows are named: enough to see a pattern. */
const mostExamples = 10

/** Narrows a difference down to rows. One statement; it reads both sides whole, and joins them by their keys. */
export async function narrow(db: Queryable, run: Run, pair: Pair): Promise<Differences> {
  const { rows } = await db.query<{ kind: "missing" | "extra" | "changed"; key: string; n: number }>(
    differenceStatement(run, pair),
  )
  const countOf = (kind: string): number => rows.find((row) => row.kind === kind)?.n ?? 0
  return {
    missing: countOf("missing"),
    extra: countOf("extra"),
    changed: countOf("changed"),
    examples: rows.slice(0, mostExamples).map(({ kind, key }) => ({ kind, key })),
  }
}

function differenceStatement(run: Run, pair: Pair): Sql {
  const side = (relation: Sql, where: Sql): Sql => sql`
    select ${keyOf(run)} as key, sum(${hashOfRow(requireBlueprint(run).source.columns)}) as hash
    from only ${relation} as cutover_row
    where ${where}
    group by 1`
  return sql`
    select kind, key, (count(*) over (partition by kind))::int as n
    from (
      select coalesce(cutover_plain.key, cutover_partition.key) as key,
             case when cutover_partition.key is null then 'missing'
                  when cutover_plain.key is null then 'extra'
                  else 'changed' end as kind
      from (${side(table(pair.plain), plainRows(run, pair))}) as cutover_plain
      full join (${side(table(pair.partition), isSettled(run, pair))}) as cutover_partition
        on cutover_plain.key = cutover_partition.key
      where cutover_plain.hash is distinct from cutover_partition.hash
    ) as cutover_different
    order by row_number() over (partition by kind order by key), kind
    limit ${3 * mostExamples}`
}

/** The keys of a row as a person reads them; where nothing tells rows apart, the row itself, cut short. */
function keyOf(run: Run): Sql {
  const { identity } = requireBlueprint(run)
  if (identity === null) return sql`left(cutover_row::text, 200)`
  const columns = identity.includes(run.key.column) ? identity : [...identity, run.key.column]
  return sql`concat_ws(', ', ${join(columns.map((name) => sql`${`${name} `}::text || ${ident("cutover_row", name)}::text`))})`
}
