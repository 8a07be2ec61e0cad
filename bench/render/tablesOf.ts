import type { BenchResult, Pause, PauseResult, SpeedResult, Timing, WaitingSample } from "../BenchResult.ts"
import { findingsOf, medianMs, speedupOf, waitingShare } from "../findingsOf.ts"
import { largest, median, percentile } from "../statistics.ts"
import { formatBytes, formatMs, formatRatio, formatShare } from "./units.ts"

/** A table of texts, for a terminal and for markdown alike. Names may carry backticks. */
export type Table = {
  readonly title: string
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** All that a bench found, promises first. */
export function tablesOf(result: BenchResult): Table[] {
  const { speed, waiting, pauses } = result
  return [
    promisesTable(result),
    ...(speed === null ? [] : [speedTable(speed, result.data.rows), partsTable(speed)]),
    ...(waiting === null ? [] : [waitingTable(waiting)]),
    ...(pauses === null ? [] : [pausesTable(pauses)]),
  ]
}

function promisesTable(result: BenchResult): Table {
  return {
    title: "Promises",
    head: ["what", "promised", "measured", ""],
    rows: findingsOf(result).map((one) => [one.what, one.promised, one.measured, one.isKept ? "kept" : "missed"]),
  }
}

function speedTable(speed: SpeedResult, rows: number): Table {
  return {
    title: "Speed",
    head: [
      "contender",
      "each run",
      "median",
      "against the first",
      "rows/s",
      "WAL per row",
      "CPU of the server",
      "others",
    ],
    rows: speed.contenders.map((one) => [
      one.name,
      one.timings.map((timing) => formatMs(timing.ms)).join(", "),
      formatMs(medianMs(one)),
      formatRatio(speedupOf(speed, one)),
      `${Math.round(rows / medianMs(one))}k`,
      `${Math.round(median(one.timings.map((timing) => timing.walBytes)) / rows)} bytes`,
      formatCpu(one.timings),
      formatOthers(one.timings.map((timing) => timing.othersShare)),
    ]),
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
function partsTable(speed: SpeedResult): Table {
  return {
    title: "Where our time goes",
    head: ["what", "median", "each run"],
    rows: speed.contenders.flatMap(({ timings }) => {
      const names = Object.keys(timings[0]?.parts ?? {})
      const times = names.map((name) => [name, timings.map((one) => one.parts[name] ?? Number.NaN)] as const)
      const uses = timings.flatMap((one) => (one.process === null ? [] : [one.process]))
      if (uses.length === 0) return []
      return [
        ...times.map(([name, values]) => measured(name, values, formatMs)),
        measured(
          "our process: memory at its highest",
          uses.map((use) => use.peakRssBytes),
          formatBytes,
        ),
        measured(
          "our process: CPU time",
          uses.map((use) => use.cpuMs),
          formatMs,
        ),
        measured(
          "our process: CPU time, of one core",
          uses.map((use) => use.cpuMs / use.wallMs),
          formatShare,
        ),
      ]
    }),
  }
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
        formatMs(one.medianTurnaroundMs),
        formatShare(one.turnaroundShare),
        formatOthers([one.othersShare]),
      ]),
      ["all", "", "", "", formatShare(waitingShare(waiting)), "", "", ""],
    ],
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
