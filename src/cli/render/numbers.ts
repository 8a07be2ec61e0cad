import { formatSize } from "../../domain/size.ts"
import type { Count } from "../../domain/status.ts"

const countUnits = ["", "k", "M", "B", "T"]
const grouped = new Intl.NumberFormat("en-US")

/** A count at a glance: `312`, `52k`, `41.3M`. */
export function formatCount(count: Count): string {
  return scale(Number(count))
}

/** A count to the last row: `41,300,012`; also beyond 2^53. */
export function formatExactCount(count: Count): string {
  return grouped.format(BigInt(typeof count === "number" ? Math.round(count) : count))
}

/** A size in bytes at a glance: `812 bytes`, `41.3 GB`. */
export function formatBytes(bytes: Count): string {
  return formatSize(Number(bytes))
}

/** `1 worker`, `2 workers`: the word, in the plural where the count is not one. */
export function countOf(count: Count, noun: string): string {
  return `${formatCount(count)} ${nounFor(count, noun)}`
}

/** The noun in the singular or plural; `noun` is given in the singular. */
export function nounFor(count: Count, noun: string): string {
  if (Number(count) === 1) return noun
  return /(ch|s|x)$/.test(noun) ? `${noun}es` : `${noun}s`
}

/** A fraction as `61.2%`; `100.0%` is said of nothing unfinished. */
export function formatPercent(fraction: number): string {
  const percent = fraction < 1 ? Math.min(99.9, Math.max(0, fraction) * 100) : 100
  return `${percent.toFixed(1)}%`
}

function scale(value: number): string {
  let scaled = value
  let unit = 0
  // 999.95 would be written as 1000, so it belongs to the next unit already.
  while (unit < countUnits.length - 1 && round(scaled) >= 1000) {
    scaled /= 1000
    unit += 1
  }
  return `${round(scaled)}${countUnits[unit]}`
}

/** Three digits or so: one decimal below a hundred, none above. */
function round(value: number): number {
  return value < 100 ? Math.round(value * 10) / 10 : Math.round(value)
}
