import { type Interval, countIntervals, nextStart, seededStarts } from "./interval.ts"

/** So many intervals without rows, two years of months, still look like a lull: rows of them may come, and need partitions. */
const mostFilled = 24

/** From the last row to today, where new rows are: a table at rest for longer is history, and today has a partition anyway. */
const mostToToday = 6

/**
 * The intervals that get partitions, by their first days, in order: those with rows, those around today, and those in gaps between
 * them that are not wide.
 */
export function fillGaps(interval: Interval, found: readonly string[], seeded: readonly string[]): string[] {
  const last = found.toSorted().at(-1)
  const wanted = [...new Set([...found, ...seeded])].toSorted()
  return wanted.flatMap((start, n) => {
    const next = wanted[n + 1]
    if (next === undefined) return [start]
    const missing = countIntervals(interval, start, next) - 2
    const most = start === last ? mostToToday : mostFilled
    return missing > 0 && missing <= most
      ? [start, ...seededStarts(interval, nextStart(interval, start), 0, missing - 1)]
      : [start]
  })
}
