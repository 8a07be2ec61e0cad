import type { Count, Status } from "./status.ts"

/** How many rows were copied in all at one moment; `atMs` is milliseconds of any clock that only goes forward. */
export type RowSample = { readonly atMs: number; readonly rows: number }

/** Long enough to even out batches of a second, short enough to show a throttle soon. */
const rateWindowMs = 10_000

/** Before that the first batches, which are still finding their size, would be taken for the whole. */
const honestAfterMs = 3000

/** Copying is done when its last partition is, not when an estimate of the rows is reached. */
const almostAll = 0.999

/** How much of the step's work is done, 0 to 1: rows while copying, partitions while validating, 1 from attach on. */
export function progressRatio({ run, totals }: Status): number {
  switch (run.state) {
    case "prep":
      return 0
    case "copy":
    case "aborted":
      if (totals.partitions > 0 && totals.copied === totals.partitions) return 1
      return Math.min(almostAll, share(totals.rowsCopied, totals.rowsEstimated))
    case "validate":
      return totals.partitions === 0 ? 1 : share(totals.validated, totals.partitions)
    default:
      return 1
  }
}

/** Rows per second over the last ten seconds of the samples, which are in order of time; 0 when they cannot tell. */
export function rowsPerSecond(samples: readonly RowSample[]): number {
  const last = samples.at(-1)
  const first = last && samples.find(({ atMs }) => atMs >= last.atMs - rateWindowMs)
  if (!last || !first || last.atMs === first.atMs) return 0
  return Math.max(0, ((last.rows - first.rows) * 1000) / (last.atMs - first.atMs))
}

/** What an estimate of the end rests on; `copyingMs` is time spent copying, without pauses. */
export type CopyFacts = { readonly rowsCopied: Count; readonly rowsEstimated: Count; readonly copyingMs: number }

/**
 * Milliseconds until the rows are copied, at the average speed so far, which includes the indexes built in between.
 * Null while it cannot be honest: in the first three seconds, with nothing copied, or with more copied than estimated.
 */
export function etaMs({ rowsCopied, rowsEstimated, copyingMs }: CopyFacts): number | null {
  const copied = Number(rowsCopied)
  const left = Number(rowsEstimated) - copied
  if (copyingMs < honestAfterMs || copied <= 0 || left < 0) return null
  return Math.round((left * copyingMs) / copied)
}

function share(part: Count, whole: Count): number {
  return Number(whole) > 0 ? Math.min(1, Number(part) / Number(whole)) : 0
}
