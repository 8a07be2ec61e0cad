import type { BenchResult, ContenderResult, SpeedResult, Timing } from "./BenchResult.ts"
import type { ContenderKind } from "./contenders/Contender.ts"
import { copyAlone } from "./contenders/cutover.ts"
import { median, medianRatio } from "./statistics.ts"

/** What is compared: a contender's whole time, or the copy of ours alone. */
export type Bar = { readonly name: string; readonly kind: ContenderKind | "copy"; readonly ms: readonly number[] }

/** A bar for each contender, and below each of ours one for its copy. */
export function barsOf({ contenders }: SpeedResult): Bar[] {
  return contenders.flatMap((one): Bar[] => {
    const whole: Bar = { name: one.name, kind: one.kind, ms: one.timings.map((timing) => timing.ms) }
    if (one.kind !== "cutover") return [whole]
    return [whole, { name: `its copy and indexes, ${one.parallel} at once`, kind: "copy", ms: copyTimes(one) }]
  })
}

/** Of our runs: without the survey, and without the comparisons between the copies of two months. */
export function copyTimes({ timings }: ContenderResult): number[] {
  return timings.map((timing) => timing.parts[copyAlone] ?? Number.NaN)
}

/** The contender of that kind, and where several numbers of connections were measured, of that number. */
export function findContender(
  { speed }: Pick<BenchResult, "speed">,
  kind: ContenderKind,
  parallel?: number,
): ContenderResult | undefined {
  return speed?.contenders.find((one) => one.kind === kind && (parallel === undefined || one.parallel === parallel))
}

export function timesOf({ timings }: ContenderResult): number[] {
  return timings.map((one) => one.ms)
}

/** How many times as fast as the naive insert; more than 1 is faster. Undefined where that did not run. */
export function speedupOf(speed: SpeedResult, ms: readonly number[]): number | undefined {
  const naive = findContender({ speed }, "naive")
  return naive === undefined ? undefined : medianRatio(timesOf(naive), ms)
}

/** CPU time of the server, of that of the naive insert. Undefined where one of them is not known. */
export function workShareOf(speed: SpeedResult, timings: readonly Timing[]): number | undefined {
  const ofNaive = (findContender({ speed }, "naive")?.timings ?? []).flatMap((one) => one.serverCpuMs ?? [])
  const own = timings.flatMap((one) => one.serverCpuMs ?? [])
  return ofNaive.length === 0 || own.length === 0 ? undefined : medianRatio(own, ofNaive)
}

/** Median bytes of WAL. */
export function walBytes(timings: readonly Timing[]): number {
  return median(timings.map((one) => one.walBytes))
}
