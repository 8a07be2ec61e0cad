import { describe, expect, it } from "vitest"
import { defuse, padLeft, shorten, toLine, widthOf, wrap, wrapSentence } from "../../../src/cli/render/text.ts"

describe("text for a terminal", () => {
  it("makes one harmless line of what a database holds", () => {
    expect(toLine(" select 1\n\tfrom \u001B]0;title\u0007 t\u2028 ")).toBe("select 1 from ]0;title t")
  })

  it("writes what a terminal would obey as escapes, which JSON reads back; lines, tabs and wanted colors stay", () => {
    const text = '"\u001b[31ma\u001b[0m\u001b[2J\u009b2J\n\t\u202eb"'
    expect(defuse(text, { color: false })).toBe(
      String.raw`"\u001b[31ma\u001b[0m\u001b[2J\u009b2J` + "\n\t" + String.raw`\u202eb"`,
    )
    expect(defuse(text, { color: true })).toContain("\u001b[31ma\u001b[0m\\u001b[2J")
    const json = JSON.stringify({ name: "\u001b]0;x\u0007\u009b\u202e" })
    expect(JSON.parse(defuse(json, { color: true }))).toEqual(JSON.parse(json))
  })

  it.each([
    ["public.returns", 14, "public.returns"],
    ["public.returns_raw_2025", 14, "public.…w_2025"],
    ["表表表表表表", 7, "表表…表"],
  ])("shortens %s to %i columns by its middle", (text, width, shortened) => {
    expect(shorten(text, width)).toBe(shortened)
    expect(widthOf(shorten(text, width))).toBeLessThanOrEqual(width)
  })

  it("wraps a sentence at its spaces, and breaks a word that is too long by itself", () => {
    const lines = wrapSentence("the table returns_raw_of_all differs", 12)
    expect(lines).toEqual(["the table", "returns_raw_", "of_all", "differs"])
  })

  it("keeps pieces whole when it joins them", () => {
    expect(wrap(["14/24 partitions", "52k rows/s", "eta 8m"], " · ", 30)).toEqual([
      "14/24 partitions · 52k rows/s",
      "eta 8m",
    ])
  })

  it("counts no columns for escapes, and two for wide characters", () => {
    expect(padLeft("\u001B[31mab\u001B[39m", 4)).toBe("  \u001B[31mab\u001B[39m")
    expect(padLeft("表", 4)).toBe("  表")
  })
})
