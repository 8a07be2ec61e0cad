import type { BlockRange } from "../domain/blockRanges.ts"
import { type Sql, literal, sql } from "../postgres/sql.ts"

/** The rows of these blocks: `from` inclusive, `to` exclusive. */
export function withinBlocks({ from, to }: BlockRange): Sql {
  return sql`ctid >= ${literal(`(${from},0)`)}::tid and ctid < ${literal(`(${to},0)`)}::tid`
}

/** The ranges of blocks as rows `cutover_range (low, high)` of tids: low inclusive, high exclusive. */
export function rangesOf(ranges: readonly BlockRange[]): Sql {
  const low = ranges.map((range) => `(${range.from},0)`)
  const high = ranges.map((range) => `(${range.to},0)`)
  return sql`unnest(${low}::tid[], ${high}::tid[]) as cutover_range (low, high)`
}
