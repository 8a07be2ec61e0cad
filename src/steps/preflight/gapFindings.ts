import { type TableName, renderTableName } from "../../domain/tableName.ts"
import { unbounded } from "../../store/partitions.ts"
import { type Finding, warn } from "./Check.ts"

/** As of a partition; both null, or empty, for a default one. */
type Edges = { readonly from: string | null; readonly to: string | null }

/** How many ranges are named; more tell nobody more. */
const mostNamed = 5

/**
 * The stretches between partitions that have none: a row that comes there after the swap fails with 23514 (check_violation).
 * A default partition takes such rows. `planned` where there is nothing yet, and where the wide gaps are known from a sample.
 */
export function gapFindings(
  table: TableName,
  partitions: readonly Edges[],
  { planned }: { readonly planned: boolean },
): Finding[] {
  if (partitions.some((one) => isDefault(one))) return []
  const ordered = partitions.toSorted((one, other) => compare(one.from ?? "", other.from ?? ""))
  const gaps = ordered.flatMap(({ to }, n) => {
    const next = ordered[n + 1]?.from ?? null
    return to === null || next === null || next === to ? [] : [`from ${to} to ${next}`]
  })
  const [first] = gaps
  if (first === undefined) return []
  const name = renderTableName(table)
  const named = gaps.length > mostNamed ? [...gaps.slice(0, mostNamed), `${gaps.length - mostNamed} more`] : gaps
  return [
    warn(
      "CUTOVER_GAPS",
      `${name} ${planned ? "will have" : "has"} no partition ${new Intl.ListFormat("en").format(named)}: a row that comes there ${planned ? "after the swap " : ""}fails with 23514.`,
      `Where such rows may come, make their partition ${planned ? "after the swap and " : ""}before them: create table … partition of ${name} for values from (…) to (…).${planned ? " If lone rows far off are mistakes, correct them first." : ""}`,
    ),
  ]
}

function isDefault({ from, to }: Edges): boolean {
  return (from ?? "") === "" && (to ?? "") === ""
}

/** Bounds are written year first, alike; the open end of a history comes before them all. */
function compare(one: string, other: string): number {
  const [a, b] = [one, other].map((edge) => (edge === unbounded ? "" : edge)) as [string, string]
  return a < b ? -1 : a > b ? 1 : 0
}
