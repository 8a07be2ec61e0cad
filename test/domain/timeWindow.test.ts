import { describe, expect, it } from "vitest"
import { msUntilOpen, parseTimeWindow, renderWindow } from "../../src/domain/timeWindow.ts"

const hour = 3_600_000

describe("a span of the day", () => {
  it.each(["02:00-04:00", "22:30-04:00", "00:00-23:59"])("is written as it was read: %s", (text) => {
    expect(renderWindow(parseTimeWindow(text)!)).toBe(text)
  })

  it.each(["", "x", "2-4", "02:00", "02:00-02:00", "25:00-26:00", "02:60-03:00", "00:00-24:00"])(
    "is not: %s",
    (text) => {
      expect(parseTimeWindow(text)).toBeUndefined()
    },
  )

  it.each([
    ["02:00-04:00", "01:00:00", hour],
    ["02:00-04:00", "02:00:00", 0],
    ["02:00-04:00", "03:59:59", 0],
    ["02:00-04:00", "04:00:00", 22 * hour],
    ["22:00-04:00", "23:00:00", 0],
    ["22:00-04:00", "03:00:00", 0],
    ["22:00-04:00", "12:00:30", 10 * hour - 30_000],
  ])("%s at %s opens in %i ms", (text, now, ms) => {
    expect(msUntilOpen(parseTimeWindow(text)!, now)).toBe(ms)
  })
})
