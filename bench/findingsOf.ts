import {
  type BenchResult,
  type ContenderResult,
  type Heap,
  type LiveResult,
  type PauseResult,
  type ProcessUse,
  type WaitingSample,
  itsCopy,
} from "./BenchResult.ts"
import { copyTimes, findContender, timesOf, walBytes } from "./contenderFigures.ts"
import { formatBytes, formatCount, formatMs, formatRatio, formatShare } from "./render/units.ts"
import { largest, median, medianRatio, percentile, sum } from "./statistics.ts"

/** One target, and what was measured of it. */
export type Finding = {
  readonly what: string
  readonly promised: string
  readonly measured: string
  readonly isKept: boolean
}

/** The numbers that we aim at, out of all that was measured on one set of data. */
export function findingsOf(result: BenchResult): Finding[] {
  const ours = result.speed?.contenders.filter((one) => one.kind === "cutover") ?? []
  return [
    ...ours.flatMap((one) => [...speedFindings(result, one), ...processFindings(one)]),
    ...(result.live === null ? [] : liveFindings(result.live)),
    ...(result.waiting === null ? [] : [waitingFinding(result.waiting)]),
    ...(result.pauses === null ? [] : pauseFindings(result.pauses)),
  ]
}

/** Times of the naive insert: a heap in order is its best case. */
const speedups: Readonly<Record<Heap, { readonly whole: number; readonly copy: number }>> = {
  ordered: { whole: 2, copy: 2.5 },
  shuffled: { whole: 3, copy: 4 },
  unindexed: { whole: 3, copy: 4 },
}

const targets = {
  overBare: 1.1,
  walShare: 0.65,
  costOfSize: 1.1,
  rssBytes: 200e6,
  cpuShare: 0.05,
  waitingShare: 0.03,
  overIdleP99: 2,
  pauseSlackMs: 200,
}

function speedFindings(result: BenchResult, ours: ContenderResult): Finding[] {
  const naive = findContender(result, "naive")
  const bare = findContender(result, "bare", ours.parallel)
  const wanted = speedups[result.data.heap]
  return [
    ...(naive === undefined
      ? []
      : [
          atLeast(
            `\`${ours.name}\`, the whole run, against the naive insert`,
            wanted.whole,
            medianRatio(timesOf(naive), timesOf(ours)),
          ),
          atLeast(
            `\`${ours.name}\`, copy and indexes, against the naive insert`,
            wanted.copy,
            medianRatio(timesOf(naive), copyTimes(ours)),
          ),
          atMost(
            `\`${ours.name}\`, WAL, of that of the naive insert`,
            targets.walShare,
            walBytes(ours.timings) / walBytes(naive.timings),
          ),
        ]),
    ...(bare === undefined
      ? []
      : [
          atMost(
            `\`${ours.name}\`, copy and indexes, of the time of the bare script`,
            targets.overBare,
            medianRatio(copyTimes(ours), timesOf(bare)),
          ),
        ]),
  ]
}

function atLeast(what: string, wanted: number, found: number): Finding {
  return { what, promised: `at least ${formatRatio(wanted)}`, measured: formatRatio(found), isKept: found >= wanted }
}

function atMost(what: string, wanted: number, found: number): Finding {
  return { what, promised: `at most ${formatRatio(wanted)}`, measured: formatRatio(found), isKept: found <= wanted }
}

function processFindings({ name, timings }: ContenderResult): Finding[] {
  const uses = timings.flatMap((one) => (one.process === null ? [] : [one.process]))
  const peak = largest(uses.map((use) => use.peakRssBytes))
  const share = median(uses.map(cpuShare))
  return [
    {
      what: `\`${name}\`, memory of its process, highest of all runs`,
      promised: `under ${formatBytes(targets.rssBytes)}`,
      measured: formatBytes(peak),
      isKept: peak < targets.rssBytes,
    },
    {
      what: `\`${name}\`, CPU of its process from launch to swap, of one core`,
      promised: `under ${formatShare(targets.cpuShare)}`,
      measured: formatShare(share),
      isKept: share < targets.cpuShare,
    },
  ]
}

/** Of one core, from the launch to the swap. */
export function cpuShare({ workingCpuMs, workingMs }: ProcessUse): number {
  return workingCpuMs / workingMs
}

/** Fewer runs say too little to hold two benches against each other. */
const enoughRuns = 3

/** What a row costs where there are more of them, for each size of the same heap and version but the smallest. */
export function sizeFindings(results: readonly BenchResult[]): Finding[] {
  const sizes = results.flatMap(({ versions, data, speed }) =>
    (speed?.contenders ?? [])
      .filter((one) => one.kind === "cutover" && one.timings.length >= enoughRuns)
      .map((one) => ({
        series: `PostgreSQL ${versions.major}, ${data.heap}, ${one.parallel} at once`,
        rows: data.rows,
        msPerRow: median(timesOf(one)) / data.rows,
      })),
  )
  return sizes.flatMap(({ series, rows, msPerRow }) => {
    const small = sizes.find((one) => one.series === series)
    if (small === undefined || small.rows === rows) return []
    const what = `${series}: cost per row, ${formatCount(rows)} rows to ${formatCount(small.rows)}`
    return [atMost(what, targets.costOfSize, msPerRow / small.msPerRow)]
  })
}

/** The share of all runs together: one run alone has few samples. */
export function waitingShare(waiting: readonly WaitingSample[]): number {
  return sum(waiting.map((one) => one.idleMs)) / sum(waiting.map((one) => one.underWayMs))
}

/** What an application feels of a run that leaves it the other core. */
function liveFindings({ periods }: LiveResult): Finding[] {
  const idle = periods.find((one) => one.beside === "nothing else")
  const nice = periods.find((one) => one.beside.includes("--nice") && one.beside.endsWith(itsCopy))
  if (idle === undefined || nice === undefined) return []
  return [
    atMost(
      `an application's p99 beside \`${nice.beside}\`, of that without us`,
      targets.overIdleP99,
      nice.p99Ms / idle.p99Ms,
    ),
  ]
}

function waitingFinding(waiting: readonly WaitingSample[]): Finding {
  const share = waitingShare(waiting)
  return {
    what: "the database waits for us, of the time of the copy",
    promised: `under ${formatShare(targets.waitingShare)}`,
    measured: formatShare(share),
    isKept: share < targets.waitingShare,
  }
}

function pauseFindings({ batchTargetMs, pauses }: PauseResult): Finding[] {
  const limit = batchTargetMs + targets.pauseSlackMs
  const inProcess = pauses.filter((one) => one.how === "in process").map((one) => one.ms)
  const command = pauses.filter((one) => one.how === "command").map((one) => one.afterAcceptedMs)
  return [
    pauseFinding("pause, in a process that is connected", inProcess, limit),
    pauseFinding("`cutover pause`, once it is up and has said so", command, limit),
  ]
}

function pauseFinding(what: string, times: readonly number[], limit: number): Finding {
  const longest = largest(times)
  return {
    what: `${what}: longest of ${times.length}`,
    promised: `at most ${formatMs(limit)}`,
    measured: `${formatMs(longest)} (median ${formatMs(median(times))}, p95 ${formatMs(percentile(times, 0.95))})`,
    isKept: longest <= limit,
  }
}
