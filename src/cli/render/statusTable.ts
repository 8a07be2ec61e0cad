import { formatDuration } from "../../domain/duration.ts"
import { progressRatio } from "../../domain/progress.ts"
import type { PartitionStatus, Status } from "../../domain/status.ts"
import { renderBar } from "./bar.ts"
import { renderError } from "./errorMessage.ts"
import { fold } from "./fold.ts"
import { elapsedMs, formatMoment } from "./moments.ts"
import { countOf, formatCount } from "./numbers.ts"
import { isBusy, partitionStateWords, renderPartitions } from "./partitionRows.ts"
import { controlStyle, stepRail } from "./stepRail.ts"
import { controlOf, factsOf, isFinished, percentOf } from "./summary.ts"
import { toLine, wrap, wrapSentence } from "./text.ts"
import { themeOf, type Theme } from "./theme.ts"

export type StatusOptions = {
  readonly color: boolean
  /** Columns of the terminal. */
  readonly width: number
  /** Lines of the terminal; where partitions are more, finished and pending ones are folded. Default: no limit. */
  readonly height?: number
  readonly now: Date
}

const widestBar = 40

/** The whole picture of a run for a person: who it is, its steps, how far, how it is and why, and its partitions. */
export function renderStatus(status: Status, options: StatusOptions): string {
  const { width, height = Infinity, now } = options
  const theme = themeOf(options.color)
  const head = [
    ...wrap(titleOf(status), " · ", width).map(theme.title),
    ...wrap(identityOf(status, now), " · ", width).map(theme.quiet),
    ...wrap(stepRail(status, theme), " → ", width),
    "",
    ...progressLines(status, width, theme),
    ...wrap(factsOf(status), " · ", width),
    ...swapLines(status, width, now),
    ...(errorLines(status, options) ?? controlLines(status, width, theme)),
  ]
  if (status.partitions.length === 0) return head.join("\n")
  const room = { theme, width, now, height: height - head.length - 1 }
  return [...head, "", ...partitionLines(status.partitions, room)].join("\n")
}

function titleOf({ run }: Status): string[] {
  return [toLine(run.table), `by ${toLine(run.by)}, per ${run.interval}`]
}

function identityOf({ run }: Status, now: Date): string[] {
  return [
    `run ${run.id}`,
    `launched ${formatDuration(elapsedMs(run.launchedAt, now))} ago`,
    ...(run.workers > 0 ? [countOf(run.workers, "worker")] : []),
  ]
}

function progressLines(status: Status, width: number, theme: Theme): string[] {
  const percent = percentOf(status)
  if (percent === null) return []
  const label = `${status.run.state}  `
  const room = width - label.length - "  ".length - percent.length
  const bar = renderBar(progressRatio(status), Math.max(0, Math.min(widestBar, room)))
  return [`${label}${controlStyle(status.run, theme)(bar)}  ${percent}`]
}

function swapLines({ run, attach }: Status, width: number, now: Date): string[] {
  if (attach.swappedAt === null) return []
  const facts = [`swapped ${formatMoment(attach.swappedAt)}`]
  if (attach.attempts > 1) facts.push(`at attempt ${attach.attempts}`)
  if (attach.legacyTable !== null) facts.push(`kept ${toLine(attach.legacyTable)}`)
  if (attach.fallbackUntil !== null && run.state === "cleanup") facts.push(windowOf(attach.fallbackUntil, now))
  return wrap(facts, " · ", width)
}

function windowOf(until: string, now: Date): string {
  const leftMs = elapsedMs(now.toISOString(), until)
  const state = leftMs > 0 ? `${formatDuration(leftMs)} left` : "over"
  return `fallback window until ${formatMoment(until)}, ${state}`
}

function errorLines({ run }: Status, { color, width }: StatusOptions): string[] | null {
  if (run.control !== "halted" || run.error === null) return null
  return ["", ...renderError(run.error, { color, width }).split("\n")]
}

function controlLines(status: Status, width: number, theme: Theme): string[] {
  const text = controlOf(status)
  const style = controlStyle(status.run, theme)
  return [
    ...wrapSentence(text, width).map((line, at) => (at === 0 ? line.replace(/^[\w ]+/, style) : line)),
    ...wrapSentence(adviceFor(status), width).map(theme.quiet),
  ]
}

function adviceFor(status: Status): string {
  const { control, id, workers } = status.run
  if (isFinished(status)) return ""
  if (control === "paused") return `Go on with: cutover resume ${id}`
  if (control === "halted") return `When the cause is gone, go on with: cutover resume ${id}`
  return workers === 0 ? `No worker is alive. Start one: cutover worker. Or go on here: cutover resume ${id}` : ""
}

function partitionLines(
  partitions: readonly PartitionStatus[],
  { height, ...layout }: { theme: Theme; width: number; now: Date; height: number },
): string[] {
  const rows = renderPartitions(partitions, layout)
  const items = partitions.map((partition, at) => ({
    height: rows[at]?.length ?? 0,
    isNotable: isBusy(partition) || partition.equal === false,
  }))
  const firstPending = partitions.findIndex(({ state }) => state === "pending")
  const focus = firstPending === -1 ? partitions.length - 1 : firstPending
  return fold(items, height, focus).flatMap((part) =>
    "shown" in part
      ? (rows[part.shown] ?? [])
      : [layout.theme.quiet(`  ⋮ ${summaryOf(partitions.slice(part.from, part.to))}`)],
  )
}

/** `98 validated, 14 copied, 241M rows`: what a stretch of folded partitions holds. */
function summaryOf(partitions: readonly PartitionStatus[]): string {
  const groups = Map.groupBy(partitions, ({ state }) => partitionStateWords[state])
  const counts = [...groups].map(([word, members]) => `${members.length} ${word}`)
  const rows = partitions
    .map(({ state, rowsEstimated, rowsCopied }) => Number(state === "pending" ? rowsEstimated : rowsCopied))
    .reduce((sum, count) => sum + count, 0)
  return [...counts, `${groups.has("pending") ? "about " : ""}${formatCount(rows)} rows`].join(", ")
}
