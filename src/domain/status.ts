import type { ErrorDocument } from "../errors/CutoverError.ts"

/** The steps of a run, in their order. The one list of their names. */
export const stepNames = ["prep", "copy", "validate", "attach", "analyze", "cleanup"] as const

export type StepName = (typeof stepNames)[number]
export type RunState = StepName | "done" | "aborted" | "rolledBack"
export type Control = "running" | "paused" | "halted" | "waiting"
export type PartitionState = "pending" | "copying" | "indexing" | "catchingUp" | "copied" | "validating" | "validated"

/** One run as people and scripts see it: the document of `status --json`. Times are ISO 8601 in UTC. */
export type Status = {
  readonly schemaVersion: 1
  readonly run: {
    readonly id: string
    readonly table: string
    readonly by: string
    readonly interval: string
    readonly state: RunState
    readonly control: Control
    /** Why it is paused, halted, waiting or throttled: one sentence, naming the blocker. Where it runs, a statement that takes long. */
    readonly reason: string | null
    readonly error: ErrorDocument | null
    readonly launchedAt: string
    readonly updatedAt: string
    readonly finishedAt: string | null
    /** Workers alive now. */
    readonly workers: number
  }
  readonly totals: {
    readonly partitions: number
    readonly copied: number
    readonly validated: number
    readonly rowsCopied: Count
    readonly rowsEstimated: Count
    /** Over the last ten seconds of copying; 0 when nothing is being copied. */
    readonly rowsPerSecond: number
    /** Null while no honest estimate is possible. */
    readonly etaMs: number | null
    readonly changesPending: Count
    readonly batches: number
    readonly retries: number
  }
  readonly attach: {
    readonly attempts: number
    readonly lockHeldMs: number | null
    readonly swappedAt: string | null
    readonly fallbackUntil: string | null
    readonly legacyTable: string | null
  }
  readonly partitions: readonly PartitionStatus[]
}

export type PartitionStatus = {
  readonly label: string
  readonly table: string
  readonly from: string
  readonly to: string
  readonly state: PartitionState
  readonly rowsEstimated: Count
  readonly rowsCopied: Count
  readonly batches: number
  readonly attempts: number
  readonly startedAt: string | null
  readonly copiedAt: string | null
  readonly validatedAt: string | null
  readonly sourceRows: Count | null
  readonly targetRows: Count | null
  readonly equal: boolean | null
}

/** A count of rows; as a string beyond 2^53. */
export type Count = number | string
