import type { BenchResult, LiveResult, Pause, PauseResult, SpeedResult, Timing, WaitingSample } from "../BenchResult.ts"
import { barsOf, speedupOf, walBytes, workShareOf } from "../contenderFigures.ts"
import { type Finding, cpuShare, findingsOf, waitingShare } from "../findingsOf.ts"
import { largest, median, percentile } from "../statistics.ts"
import { formatBytes, formatLatency, formatMs, formatRatio, formatShare } from "./units.ts"

/** A table of texts, for a terminal and for markdown alike. Names may carry backticks. */
export type Table = {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** All that a bench found, targets first. */
export function tablesOf(result: BenchResult): Table[] {
  const { speed, waiting, live, pauses } = result
  return [
    findingsTable("Targets", findingsOf(result)),
    ...(speed === null ? [] : [speedTable(speed, result.data.rows), ...partsTables(speed)]),
    ...(waiting === null ? [] : [waitingTable(waiting)]),
    ...(live === null ? [] : [liveTable(live)]),
    ...(pauses === null ? [] : [pausesTable(pauses)]),
  ]
}

export function findingsTable(title: string, findings: readonly Finding[]): Table {
  return {
    title,
    head: ["what", "target", "measured", ""],
    rows: findings.map((one) => [one.what, one.promised, one.measured, one.isKept ? "kept" : "missed"]),
  }
}

function speedTable(speed: SpeedResult, rows: number): Table {
  return {
    title: "Speed",
    head: [
      "contender",
      "each run",
      "median",
      "naive = 1",
      "rows/s",
      "WAL per row",
      "CPU of the server",
      "its naive = 1",
      "others",
    ],
    rows: barsOf(speed).map(({ name, kind, ms }) => {
      const timings = kind === "copy" ? [] : (speed.contenders.find((one) => one.name === name)?.timings ?? [])
      const speedup = speedupOf(speed, ms)
      const work = workShareOf(speed, timings)
      return [
        name,
        ms.map(formatMs).join(", "),
        formatMs(median(ms)),
        speedup === undefined ? "" : formatRatio(speedup),
        `${Math.round(rows / median(ms))}k`,
        timings.length === 0 ? "" : `${Math.round(walBytes(timings) / rows)} bytes`,
        formatCpu(timings),
        work === undefined ? "" : formatRatio(work),
        formatOthers(timings.map((timing) => timing.othersShare)),
      ]
    }),
  }
}

/** The median; nothing where it could not be seen. */
function formatCpu(timings: readonly Timing[]): string {
  const times = timings.flatMap((one) => one.serverCpuMs ?? [])
  return times.length === 0 ? "" : formatMs(median(times))
}

/** Nothing where it could not be seen. */
function formatOthers(shares: readonly (number | null)[]): string {
  return shares.flatMap((share) => (share === null ? [] : [formatShare(share)])).join(", ")
}

/** Medians of each part of a contender's time, and what its process took. */
function partsTables({ contenders }: SpeedResult): Table[] {
  const divided = contenders.filter(({ timings }) => Object.keys(timings[0]?.parts ?? {}).length > 0)
  return divided.map(({ name, timings }) => ({
    title: `Where the time of ${name} goes`,
    head: ["what", "median", "each run"],
    rows: [
      ...Object.keys(timings[0]?.parts ?? {}).map((part) =>
        measured(
          part,
          timings.map((one) => one.parts[part] ?? Number.NaN),
          formatMs,
        ),
      ),
      ...processRows(timings),
    ],
  }))
}

function processRows(timings: readonly Timing[]): string[][] {
  const uses = timings.flatMap((one) => one.process ?? [])
  if (uses.length === 0) return []
  const memory = uses.map((use) => use.peakRssBytes)
  const times = uses.map((use) => use.cpuMs)
  return [
    measured("our process: memory at its highest", memory, formatBytes),
    measured("our process: CPU time with the start of Node", times, formatMs),
    measured("our process: CPU from launch to swap, of one core", uses.map(cpuShare), formatShare),
  ]
}

function measured(name: string, values: readonly number[], format: (value: number) => string): string[] {
  return [name, format(median(values)), values.map(format).join(", ")]
}

function waitingTable(waiting: readonly WaitingSample[]): Table {
  return {
    title: "The database waits for us",
    head: [
      "run",
      "looks",
      "partitions under way",
      "without a session at work",
      "share",
      "between two batches, median",
      "between batches, share",
      "others",
    ],
    rows: [
      ...waiting.map((one, index) => [
        String(index + 1),
        String(one.samples),
        formatMs(one.underWayMs),
        formatMs(one.idleMs),
        formatShare(one.idleMs / one.underWayMs),
        one.medianTurnaroundMs === null ? "" : formatMs(one.medianTurnaroundMs),
        one.turnaroundShare === null ? "" : formatShare(one.turnaroundShare),
        formatOthers([one.othersShare]),
      ]),
      ["all", "", "", "", formatShare(waitingShare(waiting)), "", "", ""],
    ],
  }
}

function liveTable({ perSecond, periods }: LiveResult): Table {
  return {
    title: `${perSecond} transactions a second meanwhile`,
    head: ["beside", "transactions", "errors", "p50", "p99", "longest", "it took", "rows that differed afterwards"],
    rows: periods.map((one) => [
      one.beside,
      String(one.transactions),
      String(one.errors),
      formatLatency(one.p50Ms),
      formatLatency(one.p99Ms),
      formatLatency(one.longestMs),
      one.copyMs === null ? "" : formatMs(one.copyMs),
      one.wrongRows === null ? "" : String(one.wrongRows),
    ]),
  }
}

function pausesTable({ commandAloneMs, pauses }: PauseResult): Table {
  const hows = ["in process", "command"] as const
  const kinds = ["a batch in flight", "no batch in flight"] as const
  const alone = ["command", "nothing: paused already", String(commandAloneMs.length), spread(commandAloneMs), "", ""]
  return {
    title: "Pauses",
    head: [
      "how",
      "under way",
      "pauses",
      "whole: median / p95 / longest",
      "once paused: median / p95 / longest",
      "longest batch in flight",
    ],
    rows: [...hows.flatMap((how) => kinds.flatMap((kind) => pausesRow(kind, how, pauses))), alone],
  }
}

function pausesRow(kind: string, how: Pause["how"], pauses: readonly Pause[]): string[][] {
  const these = pauses.filter((one) => one.how === how && (one.batchMs !== null) === (kind === "a batch in flight"))
  if (these.length === 0) return []
  const batches = these.flatMap((one) => one.batchMs ?? [])
  return [
    [
      how,
      kind,
      String(these.length),
      spread(these.map((one) => one.ms)),
      spread(these.map((one) => one.afterAcceptedMs)),
      batches.length === 0 ? "" : formatMs(largest(batches)),
    ],
  ]
}

/** Median, p95 and longest. */
function spread(times: readonly number[]): string {
  return [median(times), percentile(times, 0.95), largest(times)].map(formatMs).join(" / ")
}
