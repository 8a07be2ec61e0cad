/** A month of the returns feed: its first day, how many of its days are over, how many rows arrive in it. */
export type FeedMonth = { readonly from: string; readonly days: number; readonly rows: number }

const monthCount = 24

/** More is sent back after Christmas and the sales of July, January first. */
const seasons = [1.5, 1.1, 0.9, 0.9, 0.9, 0.95, 1.1, 1.05, 0.9, 0.95, 1.1, 1.3]

/** The business grows by so much a month. */
const growth = 1.015

/** Shares `rows` among the 24 months that end with the one of `today` (`YYYY-MM-DD`); from 24 rows on, each has one. */
export function planMonths(today: string, rows: number): FeedMonth[] {
  const months = Array.from({ length: monthCount }, (_, index) => monthBefore(today, monthCount - 1 - index))
  const weights = months.map(({ from, days, length }, index) => {
    const season = seasons[Number(from.slice(5, 7)) - 1] ?? 1
    return season * growth ** index * (days / length)
  })
  const ends = cumulate(weights)
  const one = rows >= monthCount ? 1 : 0
  const shared = rows - one * monthCount
  const total = ends.at(-1) ?? 1
  return months.map(({ from, days }, index) => {
    const upTo = (end: number): number => Math.round((shared * end) / total)
    return { from, days, rows: one + upTo(ends[index] ?? total) - upTo(ends[index - 1] ?? 0) }
  })
}

function monthBefore(today: string, months: number): { from: string; days: number; length: number } {
  const [year = 0, month = 0, day = 0] = today.split("-").map(Number)
  const from = new Date(Date.UTC(year, month - 1 - months, 1))
  const length = new Date(Date.UTC(year, month - months, 0)).getUTCDate()
  return { from: from.toISOString().slice(0, 10), days: months === 0 ? day : length, length }
}

function cumulate(values: readonly number[]): number[] {
  let sum = 0
  return values.map((value) => (sum += value))
}
