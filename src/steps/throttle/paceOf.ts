import type { RunOptions } from "../../config/runOptions.ts"
import { type Pace, paceLimits } from "../../domain/pace.ts"

/** How long a batch may last and, where rows per second are limited, how many rows it may have: those of one second. */
export function paceOf({
  batchTargetMs,
  maxRowsPerSecond,
}: RunOptions): Pick<Pace, "targetMs" | "min" | "max" | "maxRows"> {
  return {
    ...paceLimits,
    targetMs: batchTargetMs,
    ...(maxRowsPerSecond === null ? {} : { min: 1, maxRows: maxRowsPerSecond }),
  }
}
