import { inspect } from "node:util"
import { CutoverError, nothingChanged } from "../errors/CutoverError.ts"

const unitMs = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const

/**
 * Milliseconds of `100ms`, `1s`, `10m`, `2h`, `7d`, `1w`, of several units from large to small (`1h 5m`), or of `0`;
 * anything else is `CUTOVER_CONFIG_INVALID`.
 */
export function parseDuration(text: string): number {
  if (text === "0") return 0
  const counts = durationPattern.exec(text)?.groups ?? {}
  const given = Object.entries(unitMs).filter(([unit]) => counts[unit] !== undefined)
  const ms = given.reduce((sum, [unit, size]) => sum + Number(counts[unit]) * size, 0)
  if (given.length === 0 || !Number.isSafeInteger(ms)) throw notADuration(text)
  return ms
}

/** A duration for people, to its two largest units: `340ms`, `12s`, `8m`, `1h 5m`, `7d`. Below zero is zero. */
export function formatDuration(ms: number): string {
  for (const { grainMs, belowMs } of grains) {
    const rounded = Math.round(Math.max(0, ms) / grainMs) * grainMs
    if (rounded < belowMs) return render(rounded)
  }
  return "forever"
}

/** Each unit once at most, from large to small, a space between them if you like. */
const durationPattern = new RegExp(
  `^(?! )${Object.keys(unitMs)
    .map((unit) => `(?: ?(?<${unit}>\\d+)${unit})?`)
    .join("")}$`,
)

/** How finely a duration is shown, depending on its length. */
const grains = [
  { grainMs: unitMs.ms, belowMs: unitMs.s },
  { grainMs: unitMs.s, belowMs: unitMs.h },
  { grainMs: unitMs.m, belowMs: unitMs.d },
  { grainMs: unitMs.h, belowMs: Infinity },
]

function render(ms: number): string {
  const parts: string[] = []
  let rest = ms
  for (const unit of ["d", "h", "m", "s", "ms"] as const) {
    const count = Math.floor(rest / unitMs[unit])
    rest -= count * unitMs[unit]
    if (count > 0) parts.push(`${count}${unit}`)
  }
  return parts.length === 0 ? "0s" : parts.join(" ")
}

function notADuration(text: string): CutoverError {
  return new CutoverError("CUTOVER_CONFIG_INVALID", {
    message: `${inspect(text)} is not a duration.`,
    state: nothingChanged,
    hint: "Write a whole number with its unit, such as 100ms, 1s, 10m, 2h, 7d or 1w.",
  })
}
