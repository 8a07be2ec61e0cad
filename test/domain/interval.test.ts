import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { intervalStart, intervals, labelOf, nextStart, previousStart, seededStarts } from "../../src/domain/interval.ts"

// Starts as date_trunc and labels as to_char(…, 'IYYY-"w"IW') of PostgreSQL give them.
it.each([
  ["day", "2024-02-28", "2024-02-28", "2024-02-29", "2024-02-28"],
  ["day", "2025-02-28", "2025-02-28", "2025-03-01", "2025-02-28"],
  ["week", "2025-11-09", "2025-11-03", "2025-11-10", "2025-w45"],
  ["week", "2025-11-10", "2025-11-10", "2025-11-17", "2025-w46"],
  ["week", "2025-01-01", "2024-12-30", "2025-01-06", "2025-w01"],
  ["week", "2021-01-03", "2020-12-28", "2021-01-04", "2020-w53"],
  ["week", "1969-12-31", "1969-12-29", "1970-01-05", "1970-w01"],
  ["month", "2025-11-30", "2025-11-01", "2025-12-01", "2025-11"],
  ["month", "2025-12-31", "2025-12-01", "2026-01-01", "2025-12"],
  ["month", "1900-02-28", "1900-02-01", "1900-03-01", "1900-02"],
  ["quarter", "2025-12-31", "2025-10-01", "2026-01-01", "2025-q4"],
  ["quarter", "2025-01-01", "2025-01-01", "2025-04-01", "2025-q1"],
  ["year", "2025-07-04", "2025-01-01", "2026-01-01", "2025"],
  ["year", "0099-07-04", "0099-01-01", "0100-01-01", "0099"],
] as const)("the %s of %s begins at %s, the next at %s, and it is called %s", (interval, date, start, next, label) => {
  expect(intervalStart(interval, date)).toBe(start)
  expect(nextStart(interval, date)).toBe(next)
  expect(labelOf(interval, date)).toBe(label)
})

describe("seededStarts", () => {
  it("gives the intervals around today in order", () => {
    expect(seededStarts("month", "2025-11-17", 1, 5)).toEqual([
      "2025-10-01",
      "2025-11-01",
      "2025-12-01",
      "2026-01-01",
      "2026-02-01",
      "2026-03-01",
      "2026-04-01",
    ])
  })

  it("gives only today's where nothing else is asked for", () => {
    expect(seededStarts("week", "2025-11-09", 0, 0)).toEqual(["2025-11-03"])
  })
})

describe("the calendar", () => {
  const dates = fc
    .date({ min: new Date("0002-01-01T00:00:00Z"), max: new Date("9998-12-31T00:00:00Z"), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10))

  it.each(intervals)("is tiled by its %ss without a gap or an overlap", (interval) => {
    fc.assert(
      fc.property(dates, (date) => {
        const start = intervalStart(interval, date)
        const next = nextStart(interval, date)
        expect(start <= date && date < next).toBe(true)
        expect(intervalStart(interval, start)).toBe(start)
        expect(intervalStart(interval, dayBefore(next))).toBe(start)
        expect(intervalStart(interval, next)).toBe(next)
        expect(previousStart(interval, next)).toBe(start)
        expect(nextStart(interval, previousStart(interval, date))).toBe(start)
      }),
    )
  })

  it.each(intervals)("gives each of its %ss a label of its own, and in their order", (interval) => {
    fc.assert(
      fc.property(dates, (date) => {
        expect(labelOf(interval, date) < labelOf(interval, nextStart(interval, date))).toBe(true)
      }),
    )
  })

  it.each(intervals)("is walked in %ss by nextStart as seededStarts has it", (interval) => {
    const starts = seededStarts(interval, "2024-12-31", 60, 60)
    expect(starts).toHaveLength(121)
    expect(starts[60]).toBe(intervalStart(interval, "2024-12-31"))
    expect(starts.slice(1)).toEqual(starts.slice(0, -1).map((start) => nextStart(interval, start)))
  })
})

describe("a date that no partition can have", () => {
  it.each(["infinity", "2025-02-30", "2025-13-01", "0000-12-31", "10000-01-01", "2025-1-1", "2025-11-03T00:00:00", ""])(
    "is refused: %j",
    (date) => {
      for (const interval of intervals) {
        const act = () => intervalStart(interval, date)
        expect(act).toThrow(expect.objectContaining({ code: "CUTOVER_KEY_OUT_OF_BOUNDS" }))
      }
    },
  )

  it.each(intervals)("is refused beyond the first and the last %s", (interval) => {
    expect(intervalStart(interval, "0001-01-01")).toBe("0001-01-01")
    expect(() => previousStart(interval, "0001-01-01")).toThrow("is not a date from 0001-01-01 to 9999-12-31")
    expect(() => nextStart(interval, "9999-12-31")).toThrow("is not a date from 0001-01-01 to 9999-12-31")
  })
})

function dayBefore(date: string): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) - 1).toISOString().slice(0, 10)
}
