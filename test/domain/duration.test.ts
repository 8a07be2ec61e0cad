import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { formatDuration, parseDuration } from "../../src/domain/duration.ts"

describe("parseDuration", () => {
  it.each([
    ["0", 0],
    ["100ms", 100],
    ["1s", 1000],
    ["10m", 600_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    ["1w", 604_800_000],
    ["1h30m", 5_400_000],
    ["1h 5m", 3_900_000],
    ["1w 1d 1h 1m 1s 1ms", 694_861_001],
  ])("reads %s", (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  const strange = ["", "1", "s", "1x", "1S", "-1s", "1.5s", "99999999999999d"]
  const disordered = ["1 s", " 1s", "1s ", "1h  5m", "5m 1h", "1s 1s"]

  it.each(strange.concat(disordered))("refuses %j", (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: "CUTOVER_CONFIG_INVALID" }))
    expect(() => parseDuration(text)).toThrow("is not a duration")
  })
})

describe("formatDuration", () => {
  it.each([
    [0, "0s"],
    [-5, "0s"],
    [340, "340ms"],
    [340.4, "340ms"],
    [999.6, "1s"],
    [12_000, "12s"],
    [59_700, "1m"],
    [480_000, "8m"],
    [485_000, "8m 5s"],
    [3_599_900, "1h"],
    [3_905_000, "1h 5m"],
    [3_900_000, "1h 5m"],
    [86_399_999, "1d"],
    [604_800_000, "7d"],
    [694_861_001, "8d 1h"],
    [Infinity, "forever"],
  ])("shows %d ms as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })

  it("shows at most two units, not far from the truth, and parseDuration reads it back", () => {
    fc.assert(
      fc.property(fc.nat(365 * 86_400_000), (ms) => {
        const text = formatDuration(ms)
        const read = parseDuration(text)
        expect(text.split(" ").length).toBeLessThanOrEqual(2)
        expect(Math.abs(read - ms)).toBeLessThanOrEqual(ms / 2)
        expect(formatDuration(read)).toBe(text)
      }),
    )
  })
})
