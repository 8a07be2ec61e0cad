import type { Round, Scenario } from "./Scenario.ts"

/** What a scenario came to. `failed` counts rounds, and one more where its list of cases is not as it should be. */
export type Score = {
  readonly id: string
  readonly scenario: string
  readonly says: string
  readonly faults: number
  readonly rounds: number
  readonly passed: number
  readonly failed: number
  readonly seconds: number
  readonly counts: Readonly<Record<string, number>>
  readonly ms: Readonly<Record<string, Quantiles>>
}

type Quantiles = { readonly median: number; readonly p95: number; readonly max: number }

export function scoreOf(
  { id, name, says }: Scenario,
  rounds: readonly Round[],
  failures: readonly string[],
  elapsedMs: number,
): Score {
  const broken = rounds.filter((round) => round.failures.length > 0).length
  // A scenario that played nothing has proved nothing.
  const failed = broken + (failures.length > 0 || rounds.length === 0 ? 1 : 0)
  const sum = (count: string): number => rounds.reduce((all, round) => all + (round.counts[count] ?? 0), 0)
  return {
    id,
    scenario: name,
    says,
    faults: rounds.reduce((all, round) => all + (round.counts["faults"] ?? 1), 0),
    rounds: rounds.length,
    passed: rounds.length - broken,
    failed,
    seconds: Math.round(elapsedMs / 1_000),
    counts: Object.fromEntries(namesIn(rounds.map((round) => round.counts)).map((count) => [count, sum(count)])),
    ms: Object.fromEntries(
      namesIn(rounds.map((round) => round.ms)).map((figure) => [
        figure,
        quantiles(rounds.flatMap((round) => round.ms[figure] ?? [])),
      ]),
    ),
  }
}

export function renderScoreboard(scores: readonly Score[]): string {
  const head = ["id", "scenario", "faults", "rounds", "passed", "failed", "seconds", "what"]
  const lines = scores.map((one) =>
    [one.id, one.scenario, one.faults, one.rounds, one.passed, one.failed, one.seconds, one.says].map(String),
  )
  const widths = head.map((title, n) => Math.max(title.length, ...lines.map((line) => line[n]?.length ?? 0)))
  const render = (line: readonly string[]): string =>
    line
      .map((cell, n) => (isNumber(n) ? cell.padStart(widths[n] ?? 0) : cell.padEnd(widths[n] ?? 0)))
      .join("  ")
      .trimEnd()
  return [head, ...lines].map((line) => `${render(line)}\n`).join("")
}

/** Which columns hold numbers: faults to seconds. */
function isNumber(column: number): boolean {
  return column >= 2 && column <= 6
}

/** Of a figure that a round has several times, the largest. */
export function roundedMs(numbers: Round["ms"]): Record<string, number> {
  const largest = Object.entries(numbers).map(([name, value]) => [name, Math.max(...[value].flat())] as const)
  return Object.fromEntries(
    largest.filter(([, value]) => value > 0).map(([name, value]) => [`${name}Ms`, rounded(value)]),
  )
}

function namesIn(records: readonly Readonly<Record<string, unknown>>[]): string[] {
  return [...new Set(records.flatMap((record) => Object.keys(record)))]
}

function quantiles(numbers: readonly number[]): Quantiles {
  const sorted = numbers.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN)
  return { median: at(0.5), p95: at(0.95), max: at(1) }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10
}
