import type { ErrorDocument } from "../errors/CutoverError.ts"

/** What happens to a run. Work reports in the past tense; people ask in the imperative. */
export type RunEvent =
  | { readonly type: "indexes.ensured"; readonly optedIn: boolean }
  | { readonly type: "writes.guarded" }
  | { readonly type: "survey.advanced"; readonly finished: boolean }
  | { readonly type: "scaffold.built"; readonly left: number; readonly sweeps: boolean }
  /** Every stripe of the heap was swept. */
  | { readonly type: "swept" }
  | { readonly type: "unloaded" }
  | { readonly type: "partition.copied"; readonly left: number; readonly sweeps: boolean }
  | { readonly type: "partition.validated"; readonly left: number }
  | { readonly type: "partition.differed"; readonly error: ErrorDocument }
  | { readonly type: "partition.reset" }
  /** Something stands in the way of the work; it is tried again by itself. */
  | { readonly type: "blocked"; readonly reason: string; readonly retryMs: number }
  /** A gate is closed, or the fallback window open; what has to be followed meanwhile is looked at again after `retryMs`. */
  | { readonly type: "held"; readonly reason: string; readonly retryMs: number | null }
  | { readonly type: "gate.opened" }
  /** Changes were replayed, and more may wait. */
  | { readonly type: "replayed" }
  | { readonly type: "swapped" }
  /** One of the things that are read after a swap, or a rollback; there may be more. */
  | { readonly type: "reading.done" }
  | { readonly type: "analyzed"; readonly reason: string }
  | { readonly type: "legacy.dropped" }
  | { readonly type: "rolled.back" }
  | { readonly type: "settled" }
  | { readonly type: "target.dropped" }
  | { readonly type: "aborted" }
  | { readonly type: "halt"; readonly error: ErrorDocument }
  | { readonly type: "pause"; readonly reason: string }
  | { readonly type: "resume" }

/** What happens to one partition of a run. */
export type PartitionEvent =
  | { readonly type: "begin"; readonly isLoaded: boolean }
  | { readonly type: "batch.copied"; readonly finished: boolean }
  | { readonly type: "index.built"; readonly finished: boolean }
  | { readonly type: "caught.up" }
  | { readonly type: "validated" }
  /** All partitions were compared at once, and this one is equal. */
  | { readonly type: "compared" }
  | { readonly type: "differed" }
  | { readonly type: "reset" }
