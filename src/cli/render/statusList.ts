import { formatDuration } from "../../domain/duration.ts"
import type { Status } from "../../domain/status.ts"
import { alignColumns } from "./columns.ts"
import { elapsedMs } from "./moments.ts"
import { controlStyle } from "./stepRail.ts"
import { isFinished, percentOf, stateWord } from "./summary.ts"
import { shorten, toLine, widthOf } from "./text.ts"
import { themeOf } from "./theme.ts"

export type ListOptions = {
  readonly color: boolean
  /** Columns of the terminal; long table names are shortened to fit. Default: no limit, for files and pipes. */
  readonly width?: number
  readonly now: Date
}

const gap = "  "
const shortestName = 12
const head = ["RUN", "TABLE", "STATE", "CONTROL", "AGE"]
const columns = [
  { align: "left" },
  { align: "left" },
  { align: "left" },
  { align: "left" },
  { align: "right" },
] as const

/** All runs, one line each: id, table, how far, how it is, and how long ago it was launched. */
export function renderStatusList(statuses: readonly Status[], { color, width = Infinity, now }: ListOptions): string {
  if (statuses.length === 0) return "No run yet. Start one with: cutover launch <table> --by <column>"
  const theme = themeOf(color)
  const rows = fitNames([head, ...statuses.map((status) => cellsOf(status, now))], width)
  const [heading = [], ...lines] = alignColumns(rows, columns)
  return [
    theme.quiet(heading.join(gap)),
    ...lines.map(([run = "", table = "", state = "", control = "", age = ""], at) => {
      const status = statuses[at]
      const style = status ? controlStyle(status.run, theme) : theme.quiet
      return [run, theme.title(table), state, style(control), theme.quiet(age)].join(gap)
    }),
  ].join("\n")
}

function cellsOf(status: Status, now: Date): string[] {
  const { run } = status
  const state = [stateWord(run.state), percentOf(status)].filter((word) => word !== null).join(" ")
  const control = isFinished(status) ? "" : run.control
  return [run.id, toLine(run.table), state, control, formatDuration(elapsedMs(run.launchedAt, now))]
}

/** Shortens the second column as far as the others leave room for it. */
function fitNames(rows: readonly string[][], width: number): string[][] {
  const others = alignColumns(
    rows.map((row) => row.with(1, "")),
    columns,
  )
  const room = Math.max(shortestName, width - widthOf((others[0] ?? []).join(gap)))
  return rows.map((row) => row.with(1, shorten(row[1] ?? "", room)))
}
