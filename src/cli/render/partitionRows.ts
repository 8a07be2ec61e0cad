import { formatDuration } from "../../domain/duration.ts"
import type { PartitionState, PartitionStatus } from "../../domain/status.ts"
import { renderBar } from "./bar.ts"
import { alignColumns } from "./columns.ts"
import { elapsedMs } from "./moments.ts"
import { formatCount, formatExactCount } from "./numbers.ts"
import { shorten, toLine, widthOf } from "./text.ts"
import type { Theme } from "./theme.ts"

export const partitionStateWords: Readonly<Record<PartitionState, string>> = {
  pending: "pending",
  copying: "copying",
  indexing: "indexing",
  catchingUp: "catching up",
  copied: "copied",
  validating: "validating",
  validated: "validated",
}

const busyStates: ReadonlySet<PartitionState> = new Set(["copying", "indexing", "catchingUp", "validating"])

/** The widths that columns have from the start, so that rows do not jump while a run is watched. */
const columns = [
  { align: "left" },
  { align: "left", minWidth: "catching up".length },
  { align: "right", minWidth: "41.3M/67.5M".length },
  { align: "left" },
  { align: "right", minWidth: "59m 59s".length },
  { align: "left" },
] as const

const gap = "  "
const widestLabel = 24
const widestBar = 30
/** A shorter bar says nothing that the numbers beside it do not say better. */
const shortestBar = 8

/** Whether a partition is being worked. */
export function isBusy({ state }: PartitionStatus): boolean {
  return busyStates.has(state)
}

/**
 * The lines of each partition, all aligned: label, state, bar, rows, mark of the validation, time, and a note where it
 * was tried again; below them both counts where source and target differ.
 */
export function renderPartitions(
  partitions: readonly PartitionStatus[],
  { theme, width, now }: { theme: Theme; width: number; now: Date },
): string[][] {
  const rows = alignColumns(
    partitions.map((partition) => cellsOf(partition, now)),
    columns,
  )
  const free = width - widthOf(joinCells(rows[0] ?? [])) - 2 * gap.length
  const barWidth = free < shortestBar ? 0 : Math.min(free, widestBar)
  return partitions.map((partition, at) => [
    renderRow(partition, rows[at] ?? [], barWidth, theme),
    ...(partition.equal === false ? [`${gap}${gap}${theme.bad(differenceOf(partition))}`] : []),
  ])
}

function cellsOf(partition: PartitionStatus, now: Date): string[] {
  return [
    shorten(toLine(partition.label), widestLabel),
    partitionStateWords[partition.state],
    rowsOf(partition),
    partition.equal === null ? "" : partition.equal ? "✓" : "✗",
    timeOf(partition, now),
    partition.attempts > 1 ? `try ${partition.attempts}` : "",
  ]
}

/** A history that was relabelled is validated though nothing of it was ever copied, or counted. */
function rowsOf({ state, rowsCopied, rowsEstimated, copiedAt }: PartitionStatus): string {
  if (state === "pending" || (state === "validated" && copiedAt === null)) return `~${formatCount(rowsEstimated)}`
  return state === "copying" ? `${formatCount(rowsCopied)}/${formatCount(rowsEstimated)}` : formatCount(rowsCopied)
}

/** How long the copy took, or takes so far. */
function timeOf({ startedAt, copiedAt }: PartitionStatus, now: Date): string {
  return startedAt === null ? "" : formatDuration(elapsedMs(startedAt, copiedAt ?? now))
}

function renderRow(partition: PartitionStatus, cells: readonly string[], barWidth: number, theme: Theme): string {
  const [label = "", state = "", rows = "", mark = "", time = "", note = ""] = cells
  const style = styleOf(partition, theme)
  const bar = style(renderBar(fractionOf(partition), barWidth))
  const styledMark = partition.equal === false ? theme.bad(mark) : theme.good(mark)
  const row = [label, style(state), bar, rows, styledMark, theme.quiet(time), theme.warning(note)]
  return `${gap}${joinCells(row)}`.trimEnd()
}

function joinCells(cells: readonly string[]): string {
  return cells.filter((cell) => widthOf(cell) > 0).join(gap)
}

function styleOf(partition: PartitionStatus, theme: Theme): (text: string) => string {
  if (partition.equal === false) return theme.bad
  if (partition.state === "pending") return theme.quiet
  return isBusy(partition) ? theme.active : theme.good
}

function fractionOf({ state, rowsCopied, rowsEstimated }: PartitionStatus): number {
  if (state === "pending") return 0
  if (state !== "copying") return 1
  return Number(rowsEstimated) > 0 ? Math.min(0.999, Number(rowsCopied) / Number(rowsEstimated)) : 0
}

function differenceOf({ sourceRows, targetRows }: PartitionStatus): string {
  if (sourceRows === null || targetRows === null) return "source and target differ"
  const [source, target] = [formatExactCount(sourceRows), formatExactCount(targetRows)]
  return source === target
    ? `${source} rows on both sides, but not the same rows`
    : `${source} rows in the source, ${target} in the target`
}
