import type { BenchResult, SpeedResult } from "../BenchResult.ts"
import { type Bar, barsOf, speedupOf, timesOf } from "../contenderFigures.ts"
import { median } from "../statistics.ts"
import { formatCount, formatMs, formatRatio } from "./units.ts"

const width = 800
const left = 270
const barHeight = 22
const gap = 8
const titleHeight = 44
/** What stands behind the longest bar: its ratio and its time. */
const right = 150

/**
 * `docs/benchmarks.svg`: a panel for each set of data that three or more ran on, a bar for each of them. It has a ground
 * of its own, so that it can be read on light and dark pages alike.
 */
export function renderChart(results: readonly BenchResult[]): string {
  const panels = results.filter((one) => (one.speed?.contenders.length ?? 0) > 2)
  let top = 0
  const rendered = panels.map((panel) => {
    const at = top
    top += titleHeight + barsOf(panel.speed ?? { contenders: [] }).length * (barHeight + gap) + gap
    return renderPanel(panel, at)
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top + gap}" width="${width}" font-family="system-ui, 'DejaVu Sans', sans-serif" font-size="13" role="img">
<title>How long each contender takes to partition the same table; shorter is faster</title>
<rect width="100%" height="100%" fill="#ffffff" rx="6"/>
${rendered.join("\n")}
</svg>
`
}

function renderPanel({ speed, data, versions }: BenchResult, top: number): string {
  if (speed === null) return ""
  const bars = barsOf(speed).map((bar) => ({ ...bar, ratio: speedupOf(speed, bar.ms) }))
  const shares = bars.map((bar) => shareOf(bar, speed))
  const longest = Math.max(...shares)
  const title = `PostgreSQL ${versions.major}, ${formatCount(data.rows)} rows, ${heapTitles[data.heap]}`
  const rows = bars.map((bar, index) => {
    const length = ((shares[index] ?? 0) / longest) * (width - left - right)
    return renderBar(bar, { top: top + titleHeight + index * (barHeight + gap), length })
  })
  return `<text x="16" y="${top + 30}" font-size="15" font-weight="600" fill="#1f2328">${escape(title)}</text>\n${rows.join("\n")}`
}

type RatedBar = Bar & { readonly ratio: number | undefined }

/** Of the naive insert's time, so that bars and ratios say the same; of its own where that did not run. */
function shareOf({ ms, ratio }: RatedBar, { contenders }: SpeedResult): number {
  const [first] = contenders
  return ratio === undefined ? median(ms) / (first === undefined ? 1 : median(timesOf(first))) : 1 / ratio
}

const heapTitles = {
  ordered: "heap in the order of the date",
  shuffled: "shuffled heap",
  unindexed: "shuffled heap, no index on the date",
} as const

type Place = { readonly top: number; readonly length: number }

function renderBar({ name, kind, ms, ratio }: RatedBar, { top, length }: Place): string {
  const middle = top + barHeight / 2 + 4.5
  const isOurs = kind === "cutover" || kind === "copy"
  const figures = [...(ratio === undefined ? [] : [formatRatio(ratio)]), formatMs(median(ms))].join("  ·  ")
  return `<text x="${left - 10}" y="${middle}" text-anchor="end" fill="#1f2328"${isOurs ? ' font-weight="600"' : ""}>${escape(name)}</text>
<rect x="${left}" y="${top}" width="${Math.max(1, length).toFixed(1)}" height="${barHeight}" rx="2" fill="${colourOf[kind]}"/>
<text x="${(left + length + 8).toFixed(1)}" y="${middle}" fill="#59636e">${escape(figures)}</text>`
}

/** The ways that others go in greys, what nobody can beat in a lighter one, ours in blue. */
const colourOf: Readonly<Record<Bar["kind"], string>> = {
  naive: "#8c959f",
  runbook: "#8c959f",
  trigger: "#8c959f",
  wall: "#d1d9e0",
  bare: "#d1d9e0",
  cutover: "#0969da",
  copy: "#54aeff",
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
}
