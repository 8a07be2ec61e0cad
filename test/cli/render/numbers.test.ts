import { describe, expect, it } from "vitest"
import { countOf, formatBytes, formatCount, formatExactCount, formatPercent } from "../../../src/cli/render/numbers.ts"

describe("numbers for people", () => {
  it.each([
    [0, "0"],
    [312, "312"],
    [999, "999"],
    [1000, "1k"],
    [1250, "1.3k"],
    [52_000, "52k"],
    [99_949, "99.9k"],
    [123_456, "123k"],
    [999_499, "999k"],
    [999_500, "1M"],
    [41_300_000, "41.3M"],
    [2_500_000_000, "2.5B"],
    ["9007199254740993", "9007T"],
  ])("writes %s rows as %s", (count, text) => {
    expect(formatCount(count)).toBe(text)
  })

  it("writes a count to the last row, also where a number would lose it", () => {
    expect(formatExactCount(2_801_113)).toBe("2,801,113")
    expect(formatExactCount("9007199254740993")).toBe("9,007,199,254,740,993")
  })

  it.each([
    [0, "0 bytes"],
    [1023, "1023 bytes"],
    [1024, "1 kB"],
    [8192, "8 kB"],
    [44_346_000_000, "41.3 GB"],
    ["5000000000000000000", "4441 PB"],
  ])("writes %s bytes as %s, as PostgreSQL does", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  it.each([
    [0, "0.0%"],
    [0.61185, "61.2%"],
    [0.99999, "99.9%"],
    [1, "100.0%"],
  ])("writes the fraction %s as %s", (fraction, text) => {
    expect(formatPercent(fraction)).toBe(text)
  })

  it.each([
    [1, "batch", "1 batch"],
    [2, "batch", "2 batches"],
    [0, "row", "0 rows"],
    [1500, "change", "1.5k changes"],
  ])("counts %s of a %s as %s", (count, noun, text) => {
    expect(countOf(count, noun)).toBe(text)
  })
})
