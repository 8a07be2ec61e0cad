/** What the last batch was, and what the next may be. */
export type Pace = {
  /** Blocks of the last batch as planned; a partition's last, shorter batch says nothing about pace. */
  readonly blocks: number
  readonly elapsedMs: number
  readonly targetMs: number
  readonly min: number
  readonly max: number
  /** Rows that the batch had, and how many one may have; where rows per second are limited. */
  readonly rows?: number
  readonly maxRows?: number
}

/**
 * Growth per batch at most. Cheap blocks, empty or in memory, must not speak for the ones behind them: a batch grown by
 * half lasts half longer than usual at worst, and a hundredfold size is still only twelve batches away.
 */
const growth = 1.5

/**
 * How many blocks the next batch takes so that it lasts `targetMs`: up by at most half, down at once and in proportion,
 * since a batch that took five times its target held its locks and its snapshot five times too long.
 */
export function nextBatchBlocks({ blocks, elapsedMs, targetMs, min, max, rows = 0, maxRows = Infinity }: Pace): number {
  const fitting = elapsedMs > 0 ? Math.floor((blocks * targetMs) / elapsedMs) : Infinity
  const allowed = rows > maxRows ? Math.floor((blocks * maxRows) / rows) : Infinity
  // Rounded up, for a batch of one block could never grow otherwise.
  const reachable = Math.ceil(blocks * growth)
  return Math.max(min, Math.min(max, fitting, reachable, allowed))
}

/**
 * The first batch is 2 MB, so that it is short on any machine; growing by half each time it finds its size in a
 * few seconds. The largest is 1 GB: beyond it nothing is gained.
 */
export const firstBatchBlocks = 256
export const paceLimits = { min: 8, max: 131_072 }

/** The heap is looked at in about 4,000 zones, of 16 blocks (128 kB) at least: a month's map stays small. */
export function zoneBlocks(heapBlocks: number): number {
  return Math.max(16, Math.ceil(heapBlocks / 4_096))
}
