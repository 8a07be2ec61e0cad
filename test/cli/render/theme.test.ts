import { describe, expect, it } from "vitest"
import { themeOf, wantsColor } from "../../../src/cli/render/theme.ts"

const terminal = { isTTY: true }

describe("colors", () => {
  it.each([
    ["on a terminal", terminal, {}, true],
    ["not in a file or pipe", {}, {}, false],
    ["not with --no-color", terminal, { flag: false }, false],
    ["not with NO_COLOR", terminal, { env: { NO_COLOR: "1" } }, false],
    ["with an empty NO_COLOR", terminal, { env: { NO_COLOR: "" } }, true],
    ["not on a dumb terminal", terminal, { env: { TERM: "dumb" } }, false],
  ])("are wanted %s", (_case, stream, options, wanted) => {
    expect(wantsColor(stream, { env: {}, ...options })).toBe(wanted)
  })

  it("are escapes around the text where wanted, and nothing where not", () => {
    expect(themeOf(true).bad("differs")).toBe("\u001B[31mdiffers\u001B[39m")
    expect(themeOf(false).bad("differs")).toBe("differs")
  })

  it("leave blank text alone, so that lines end where their words do", () => {
    expect(themeOf(true).bad("  ")).toBe("  ")
  })
})
