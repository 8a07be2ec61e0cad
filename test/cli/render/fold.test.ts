import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { fold, type Foldable } from "../../../src/cli/render/fold.ts"

/** `.` is an item of one line, `*` a notable one, `D` a notable one of two lines. */
function itemsOf(picture: string): Foldable[] {
  return Array.from(picture, (sign) => ({ height: sign === "D" ? 2 : 1, isNotable: sign !== "." }))
}

/** What `fold` chose, with each stretch left out as its length in brackets. */
function drawn(picture: string, height: number, focus = 0): string {
  return fold(itemsOf(picture), height, focus)
    .map((part) => ("shown" in part ? picture[part.shown] : `(${part.to - part.from})`))
    .join("")
}

describe("folding a long list", () => {
  it.each([
    ["shows all when all fit", ".....", 5, 0, "....."],
    ["keeps what is notable, and its neighbors", "..........**..........", 7, 0, "(8)..**.(9)"],
    ["folds between notable ones that are far apart", "*.................*", 5, 0, "*.(15).*"],
    ["shows what is near the focus when nothing is notable", "....................", 5, 9, "(8)...(9)"],
    ["counts the lines of an item", "....D....", 4, 0, "(4)D(4)"],
    ["folds notable ones too when there is no room", "**********", 4, 0, "***(7)"],
    ["says how many there are when there is room for nothing", "..*..", 1, 0, "(5)"],
  ])("%s", (_case, picture, height, focus, expected) => {
    expect(drawn(picture, height, focus)).toBe(expected)
  })

  it("fits, tells of every item once and in order, whatever the list and the room", () => {
    const pictures = fc.array(fc.constantFrom(".", ".", ".", "*", "D"), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(pictures, fc.integer({ min: 1, max: 40 }), fc.nat(59), (signs, height, focus) => {
        const items = itemsOf(signs.join(""))
        const parts = fold(items, height, Math.min(focus, items.length - 1))
        const lines = parts.map((part) => ("shown" in part ? items[part.shown]!.height : 1))
        const told = parts.flatMap((part) =>
          "shown" in part ? [part.shown] : Array.from({ length: part.to - part.from }, (_, at) => part.from + at),
        )
        expect(lines.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(height)
        expect(told).toEqual([...items.keys()])
      }),
    )
  })
})
