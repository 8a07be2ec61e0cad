import { formatDuration } from "../../domain/duration.ts"
import type { Plan } from "../../runtime/commands/plan/plan.ts"
import { alignColumns } from "./columns.ts"
import { countOf, formatBytes, formatExactCount } from "./numbers.ts"
import { indented, renderFindings } from "./findings.ts"
import { type Theme, themeOf } from "./theme.ts"

/** More partitions than this are shown by their first and last. */
const mostShown = 30

/** What a launch would do, for a person: the partitions, how, at what cost, and what is in the way. */
export function renderPlan(plan: Plan, { color, width = 100 }: { color: boolean; width?: number }): string {
  const theme = themeOf(color)
  const { estimates, strategy } = plan
  const about = estimates.isSampled ? "about " : ""
  return [
    theme.title(`${plan.table} by ${plan.by}, one partition a ${plan.interval}`),
    `  ${about}${formatExactCount(estimates.rows)} rows, ${formatBytes(estimates.bytes)} with indexes; ${countOf(plan.partitions.length, "partition")}`,
    `  needs ${formatBytes(estimates.diskNeededBytes)} of disk ${strategy.name === "relabel" ? "for the indexes of its key" : "until the old table is dropped"}, writes ${formatBytes(estimates.walBytes)} of WAL`,
    `  roughly ${formatDuration(estimates.durationMs)} to the swap, if the server goes on as it does now`,
    ...indented(`${strategy.name}: ${strategy.reason}`, 2, width),
    "",
    ...partitionLines(plan, theme),
    "",
    ...renderFindings(plan.findings, { theme, width }),
  ].join("\n")
}

function partitionLines({ partitions }: Plan, theme: Theme): string[] {
  const cells = alignColumns(
    partitions.map((one) => [one.label, formatExactCount(one.rowsEstimated), one.table]),
    [{ align: "left" }, { align: "right" }, { align: "left" }],
  )
  const lines = cells.map(
    ([label = "", rows = "", name = ""]) => `  ${label}  ${rows} rows  ${theme.quiet(name.trimEnd())}`,
  )
  return lines.length <= mostShown
    ? lines
    : [...lines.slice(0, 3), theme.quiet(`  … ${lines.length - 6} more`), ...lines.slice(-3)]
}
