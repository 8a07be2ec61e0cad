import type {
  BenchResult,
  ContenderResult,
  PauseResult,
  ProcessUse,
  SpeedResult,
  WaitingSample,
} from "./BenchResult.ts"
import { largest, median, percentile, sum } from "./statistics.ts"
import { formatBytes, formatMs, formatRatio, formatShare } from "./render/units.ts"

/** One promise, and what was measured of it. */
export type Finding = {
  readonly what: string
  readonly promised: string
  readonly measured: string
  readonly isKept: boolean
}

/** The numbers that we promise, out of all that was measured. */
export function findingsOf({ speed, waiting, pauses }: BenchResult): Finding[] {
  return [
    ...(speed === null ? [] : speedFindings(speed)),
    ...(waiting === null ? [] : [waitingFinding(waiting)]),
    ...(pauses === null ? [] : pauseFindings(pauses)),
  ]
}

export function medianMs({ timings }: ContenderResult): number {
  return median(timings.map((one) => one.ms))
}

/** How many times as fast as the first contender; more than 1 is faster. */
export function speedupOf({ contenders }: SpeedResult, contender: ContenderResult): number {
  const [first] = contenders
  return first === undefined ? Number.NaN : medianMs(first) / medianMs(contender)
}

const promised = { speedup: 1, rssBytes: 200e6, waitingShare: 0.05, pauseSlackMs: 200 }

function speedFindings(speed: SpeedResult): Finding[] {
  return speed.contenders.flatMap((contender) => {
    const uses = contender.timings.flatMap((one) => (one.process === null ? [] : [one.process]))
    return uses.length === 0 ? [] : [speedupFinding(speed, contender), memoryFinding(contender, uses)]
  })
}

function speedupFinding(speed: SpeedResult, contender: ContenderResult): Finding {
  const speedup = speedupOf(speed, contender)
  return {
    what: `\`${contender.name}\` against ${speed.contenders[0]?.name}, by medians`,
    promised: `more than ${formatRatio(promised.speedup)}`,
    measured: formatRatio(speedup),
    isKept: speedup > promised.speedup,
  }
}

function memoryFinding(contender: ContenderResult, uses: readonly ProcessUse[]): Finding {
  const peak = largest(uses.map((use) => use.peakRssBytes))
  return {
    what: `memory of \`${contender.name}\`, highest of all runs`,
    promised: `under ${formatBytes(promised.rssBytes)}`,
    measured: formatBytes(peak),
    isKept: peak < promised.rssBytes,
  }
}

/** The share of all runs together: one run alone has few samples. */
export function waitingShare(waiting: readonly WaitingSample[]): number {
  return sum(waiting.map((one) => one.idleMs)) / sum(waiting.map((one) => one.underWayMs))
}

function waitingFinding(waiting: readonly WaitingSample[]): Finding {
  const share = waitingShare(waiting)
  return {
    what: "the database waits for us, of the time of the copy",
    promised: `under ${formatShare(promised.waitingShare)}`,
    measured: formatShare(share),
    isKept: share < promised.waitingShare,
  }
}

function pauseFindings({ batchTargetMs, pauses }: PauseResult): Finding[] {
  const limit = batchTargetMs + promised.pauseSlackMs
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
