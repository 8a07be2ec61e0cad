import type { Verified, VerifiedPartition } from "../../runtime/commands/verify.ts"
import { alignColumns } from "./columns.ts"
import { countOf, formatExactCount } from "./numbers.ts"
import { toLine } from "./text.ts"
import { type Theme, themeOf } from "./theme.ts"

const columns = [{ align: "left" }, { align: "right" }, { align: "left" }] as const

/** What a comparison found: a line for each partition, the rows that differ below it, and the sum of it. */
export function renderVerified(verified: Verified, { color }: { color: boolean }): string {
  const theme = themeOf(color)
  const cells = alignColumns(
    verified.partitions.map((one) => [
      one.label,
      formatExactCount(Number(one.targetRows)),
      one.equal ? "equal" : "differs",
    ]),
    columns,
  )
  const lines = verified.partitions.flatMap((one, n) => {
    const [label = "", rows = "", word = ""] = cells[n] ?? []
    const style = one.equal ? theme.good : theme.bad
    return [`  ${label}  ${rows} rows  ${style(word.trimEnd())}`, ...differencesOf(one, theme)]
  })
  return [
    theme.title(`${verified.run.table}, compared with ${verified.run.comparedWith}`),
    ...lines,
    sumOf(verified),
  ].join("\n")
}

function differencesOf({ differences, sourceRows }: VerifiedPartition, theme: Theme): string[] {
  if (differences === null) return []
  const { missing, extra, changed, examples } = differences
  return [
    `    ${formatExactCount(Number(sourceRows))} on the other side; ${missing} missing, ${extra} extra, ${changed} changed`,
    ...examples.map(({ kind, key }) => theme.quiet(`    ${kind} ${toLine(key)}`)),
  ]
}

function sumOf({ partitions, changesPending, unheld, notCopied }: Verified): string {
  const equal = partitions.filter((one) => one.equal).length
  return [
    `${equal} of ${countOf(partitions.length, "partition")} equal`,
    ...(changesPending === 0 ? [] : [`${formatExactCount(changesPending)} changes wait in the log and were left out`]),
    ...(unheld === 0 ? [] : [`${formatExactCount(unheld)} rows do not fit into the legacy table and were left out`]),
    ...(notCopied === 0 ? [] : [`${notCopied} not copied yet`]),
  ].join("; ")
}
