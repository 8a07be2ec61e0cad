import { inspect } from "node:util"

/** Blocks of a heap, `from` inclusive, `to` exclusive. */
export type BlockRange = { readonly from: number; readonly to: number }

/** Some of the blocks, and where to go on: null when nothing is left. */
export type TakenBlocks = { readonly taken: BlockRange[]; readonly nextCursor: number | null }

/** The same blocks as sorted ranges that neither touch nor overlap; empty ranges vanish. */
export function normalize(ranges: readonly BlockRange[]): BlockRange[] {
  const merged: BlockRange[] = []
  const sorted = ranges.filter(({ from, to }) => from < to).toSorted((a, b) => a.from - b.from)
  for (const range of sorted) {
    const last = merged.at(-1)
    if (last === undefined || last.to < range.from) merged.push(range)
    else merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, range.to) }
  }
  return merged
}

/** How many blocks the disjoint ranges hold. */
export function totalBlocks(ranges: readonly BlockRange[]): number {
  return ranges.reduce((sum, { from, to }) => sum + to - from, 0)
}

/** The first `maxBlocks` blocks (at least one) at or after the cursor, out of normalized ranges. */
export function takeBlocks(ranges: readonly BlockRange[], cursor: number, maxBlocks: number): TakenBlocks {
  if (!(maxBlocks >= 1)) throw new RangeError(`a batch of ${maxBlocks} blocks would never come to an end`)
  const taken: BlockRange[] = []
  let room = Math.floor(maxBlocks)
  for (const range of ranges) {
    if (range.to <= cursor) continue
    const from = Math.max(range.from, cursor)
    if (room === 0) return { taken, nextCursor: from }
    const to = Math.min(range.to, from + room)
    taken.push({ from, to })
    room -= to - from
    if (to < range.to) return { taken, nextCursor: to }
  }
  return { taken, nextCursor: null }
}

/** Reads the text of an `int8multirange` that PostgreSQL wrote: `{[0,10),[20,30)}`; unbounded ranges are an error. */
export function parseMultirange(text: string): BlockRange[] {
  const range = String.raw`\[\d+,\d+\)`
  if (!new RegExp(`^\\{(?:${range}(?:,${range})*)?\\}$`).test(text)) {
    throw new SyntaxError(`${inspect(text)} is not a multirange of blocks`)
  }
  return [...text.matchAll(/(\d+),(\d+)/g)].map(([, from, to]) => ({ from: Number(from), to: Number(to) }))
}

/** The ranges as text for a parameter of type `int8multirange`. */
export function renderMultirange(ranges: readonly BlockRange[]): string {
  return `{${ranges.map(({ from, to }) => `[${from},${to})`).join(",")}}`
}
