import { type Interval, nextStart } from "./interval.ts"

/** How long rows of the time to come are taken before the swap: it may wait for the hours of a weekend. */
export const marginDays = 7

const dayMs = 86_400_000

/** The first beginning of an interval at least a week after today and after the last key. Days are local ones, as `2025-11-03`. */
export function boundaryDay(interval: Interval, today: string, lastKey: string | null): string {
  const last = lastKey !== null && lastKey > today ? lastKey : today
  const earliest = new Date(Date.parse(`${last}T00:00:00Z`) + marginDays * dayMs).toISOString().slice(0, 10)
  let start = nextStart(interval, last)
  while (start < earliest) start = nextStart(interval, start)
  return start
}
