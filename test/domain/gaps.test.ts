import { describe, expect, it } from "vitest"
import { fillGaps } from "../../src/domain/gaps.ts"
import { seededStarts } from "../../src/domain/interval.ts"

/** The first month after so many others that follow January 2020. */
const after = (months: number): string => seededStarts("month", "2020-01-15", 0, months + 1).at(-1) ?? ""

const seeded = ["2025-10-01", "2025-11-01"]

describe("fillGaps", () => {
  it("keeps what is there, in order and once", () => {
    expect(fillGaps("month", ["2025-11-01", "2025-09-01"], seeded)).toEqual(["2025-09-01", "2025-10-01", "2025-11-01"])
    expect(fillGaps("month", [], seeded)).toEqual(seeded)
    expect(fillGaps("month", [], [])).toEqual([])
  })

  it("fills a gap between months with rows up to 24 of them, and none that is wider", () => {
    expect(fillGaps("month", ["2020-01-01", after(24)], [])).toEqual(seededStarts("month", "2020-01-01", 0, 25))
    expect(fillGaps("month", ["2020-01-01", after(25)], [])).toEqual(["2020-01-01", after(25)])
  })

  it("fills a gap between the last row and today up to six", () => {
    expect(fillGaps("month", ["2025-03-01"], seeded)).toEqual(seededStarts("month", "2025-03-01", 0, 8))
    expect(fillGaps("month", ["2025-02-01"], seeded)).toEqual(["2025-02-01", ...seeded])
  })

  it("counts in the interval's own steps, and takes rows of the future like others", () => {
    expect(fillGaps("week", ["2025-10-06"], ["2025-10-27"])).toEqual([
      "2025-10-06",
      "2025-10-13",
      "2025-10-20",
      "2025-10-27",
    ])
    expect(fillGaps("year", ["2040-01-01"], ["2025-01-01"])).toEqual(seededStarts("year", "2025-06-01", 0, 15))
  })
})
