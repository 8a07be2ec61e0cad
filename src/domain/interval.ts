import { inspect } from "node:util"
import { CutoverError, nothingChanged } from "../errors/CutoverError.ts"

/** The lengths a partition can have, shortest first. */
export const intervals = ["day", "week", "month", "quarter", "year"] as const

export type Interval = (typeof intervals)[number]

/** The first day of the interval that contains the date; weeks begin on Monday, as for `date_trunc`. */
export function intervalStart(interval: Interval, date: string): string {
  return startOf(interval, indexOf(interval, date))
}

/** The first day of the interval after the one that contains the date: where the latter ends, exclusive. */
export function nextStart(interval: Interval, date: string): string {
  return startOf(interval, indexOf(interval, date) + 1)
}

/** The first day of the interval before the one that contains the date. */
export function previousStart(interval: Interval, date: string): string {
  return startOf(interval, indexOf(interval, date) - 1)
}

/** First days, in order, from `back` intervals before today's to `ahead` intervals after it. */
export function seededStarts(interval: Interval, today: string, back: number, ahead: number): string[] {
  const first = indexOf(interval, today) - back
  return Array.from({ length: back + 1 + ahead }, (_, offset) => startOf(interval, first + offset))
}

/** How many intervals lie from the one of the first date to the one of the last, both counted. */
export function countIntervals(interval: Interval, first: string, last: string): number {
  return indexOf(interval, last) - indexOf(interval, first) + 1
}

/** How people call the interval that contains the date: 2025-11-03, 2025-w45 (ISO), 2025-11, 2025-q4, 2025. */
export function labelOf(interval: Interval, date: string): string {
  const start = intervalStart(interval, date)
  const year = start.slice(0, 4)
  switch (interval) {
    case "day":
      return start
    case "week":
      return isoWeek(start)
    case "month":
      return start.slice(0, 7)
    case "quarter":
      return `${year}-q${Math.ceil(Number(start.slice(5, 7)) / 3)}`
    case "year":
      return year
  }
}

/** Each interval is a whole number of days or of months, so a date's interval has a number to calculate with. */
const spans = {
  day: { days: 1 },
  week: { days: 7 },
  month: { months: 1 },
  quarter: { months: 3 },
  year: { months: 12 },
} as const satisfies Record<Interval, { days: number } | { months: number }>

const dayMs = 86_400_000

/** 1969-12-29, a Monday, as days since 1970-01-01: where weeks are counted from. */
const firstMonday = -3

function indexOf(interval: Interval, date: string): number {
  const span = spans[interval]
  const day = dayOf(date)
  if ("days" in span) return Math.floor((day - firstMonday) / span.days)
  const [year, month] = date.split("-").map(Number) as [number, number]
  return Math.floor((year * 12 + month - 1) / span.months)
}

function startOf(interval: Interval, index: number): string {
  const span = spans[interval]
  if ("days" in span) return dateOf(index * span.days + firstMonday)
  const months = index * span.months
  return checked(`${pad(Math.floor(months / 12), 4)}-${pad((months % 12) + 1, 2)}-01`)
}

/** The week belongs to the ISO year that has its Thursday. */
function isoWeek(monday: string): string {
  const thursday = dateOf(dayOf(monday) + 3)
  const dayOfYear = dayOf(thursday) - dayOf(`${thursday.slice(0, 4)}-01-01`)
  return `${thursday.slice(0, 4)}-w${pad(Math.floor(dayOfYear / 7) + 1, 2)}`
}

function dayOf(date: string): number {
  return Date.parse(`${checked(date)}T00:00:00Z`) / dayMs
}

function dateOf(day: number): string {
  return checked(new Date(day * dayMs).toISOString().split("T", 1)[0] ?? "")
}

function pad(number: number, digits: number): string {
  return String(number).padStart(digits, "0")
}

/** JavaScript takes 2025-02-30 for the second of March, so the date must come back as it went in. */
function checked(date: string): string {
  const time = /^\d{4}-\d\d-\d\d$/.test(date) && date >= "0001" ? Date.parse(`${date}T00:00:00Z`) : NaN
  if (!Number.isNaN(time) && new Date(time).toISOString().startsWith(date)) return date
  throw new CutoverError("CUTOVER_KEY_OUT_OF_BOUNDS", {
    message: `${inspect(date)} is not a date from 0001-01-01 to 9999-12-31, so no partition can begin or end there.`,
    state: nothingChanged,
    hint: "Look for rows whose partition key is infinite or a mistake, and correct them.",
  })
}
