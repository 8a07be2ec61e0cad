import fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  type BlockRange,
  normalize,
  parseMultirange,
  renderMultirange,
  takeBlocks,
  totalBlocks,
} from "../../src/domain/blockRanges.ts"

const anyRanges = fc.array(
  fc.tuple(fc.nat(200), fc.nat(20)).map(([from, length]) => ({ from, to: from + length })),
  { maxLength: 20 },
)

describe("normalize", () => {
  it("sorts, joins what touches or overlaps, and leaves out what is empty", () => {
    const ranges = [
      { from: 20, to: 30 },
      { from: 5, to: 5 },
      { from: 0, to: 10 },
      { from: 10, to: 12 },
      { from: 25, to: 28 },
    ]
    expect(normalize(ranges)).toEqual([
      { from: 0, to: 12 },
      { from: 20, to: 30 },
    ])
  })

  it("keeps the blocks, and leaves a gap between ranges", () => {
    fc.assert(
      fc.property(anyRanges, (ranges) => {
        const normal = normalize(ranges)
        expect(blocksOf(normal)).toEqual([...new Set(blocksOf(ranges))].toSorted((a, b) => a - b))
        expect(normal.slice(1).every(({ from }, at) => (normal[at]?.to ?? Infinity) < from)).toBe(true)
        expect(totalBlocks(normal)).toBe(blocksOf(normal).length)
      }),
    )
  })
})

describe("takeBlocks", () => {
  const ranges = [
    { from: 0, to: 10 },
    { from: 20, to: 30 },
  ]

  it("takes from the cursor on, over gaps, and says where to go on", () => {
    expect(takeBlocks(ranges, 8, 4)).toEqual({
      taken: [
        { from: 8, to: 10 },
        { from: 20, to: 22 },
      ],
      nextCursor: 22,
    })
  })

  it("goes on at the next range when it ends with one", () => {
    expect(takeBlocks(ranges, 0, 10)).toEqual({ taken: [{ from: 0, to: 10 }], nextCursor: 20 })
  })

  it("says that nothing is left together with the last blocks", () => {
    expect(takeBlocks(ranges, 25, 5)).toEqual({ taken: [{ from: 25, to: 30 }], nextCursor: null })
    expect(takeBlocks(ranges, 30, 5)).toEqual({ taken: [], nextCursor: null })
    expect(takeBlocks([], 0, 5)).toEqual({ taken: [], nextCursor: null })
  })

  it.each([0, -1, NaN])("rejects a batch of %s blocks, which would go on for ever", (maxBlocks) => {
    expect(() => takeBlocks(ranges, 0, maxBlocks)).toThrow(RangeError)
  })

  it("takes every block exactly once, and never more than allowed", () => {
    const batchSizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 })
    fc.assert(
      fc.property(anyRanges.map(normalize), batchSizes, (all, sizes) => {
        const seen: number[] = []
        let cursor: number | null = 0
        for (let batch = 0; cursor !== null; batch++) {
          const maxBlocks = sizes[batch % sizes.length] ?? 1
          const { taken, nextCursor } = takeBlocks(all, cursor, maxBlocks)
          expect(totalBlocks(taken)).toBe(nextCursor === null ? Math.min(maxBlocks, totalBlocks(taken)) : maxBlocks)
          seen.push(...blocksOf(taken))
          cursor = nextCursor
        }
        expect(seen).toEqual(blocksOf(all))
      }),
    )
  })
})

describe("multiranges", () => {
  it("are read as PostgreSQL writes them", () => {
    expect(parseMultirange("{[0,10),[20,30)}")).toEqual([
      { from: 0, to: 10 },
      { from: 20, to: 30 },
    ])
    expect(parseMultirange("{}")).toEqual([])
  })

  it("are written as PostgreSQL reads them", () => {
    expect(
      renderMultirange([
        { from: 0, to: 10 },
        { from: 20, to: 30 },
      ]),
    ).toBe("{[0,10),[20,30)}")
    expect(renderMultirange([])).toBe("{}")
  })

  it("come back the same", () => {
    fc.assert(
      fc.property(anyRanges.map(normalize), (ranges) => {
        expect(parseMultirange(renderMultirange(ranges))).toEqual(ranges)
      }),
    )
  })

  it.each(["", "{[0,10]}", "{[0,)}", "{(,10)}", "{[-1,10)}", "{[0,10)", "{[0,10)[20,30)}", "[0,10)"])(
    "that are unbounded, negative or no multirange are an error: %j",
    (text) => {
      expect(() => parseMultirange(text)).toThrow(SyntaxError)
    },
  )
})

function blocksOf(ranges: readonly BlockRange[]): number[] {
  return ranges.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, offset) => from + offset))
}
