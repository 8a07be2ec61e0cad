import { v5 as uuidV5 } from "uuid"
import type { Task } from "../machine/effects.ts"

/** What a durable job is to do. It carries when and what, never what is true: that is read from our tables. */
export type JobData = {
  readonly runId: string
  readonly task: Task | "resume"
  readonly partitionId: string | null
  /** The stripe of the heap that is to be swept on. */
  readonly stripe?: number
  /** The run's epoch when it was sent; a job of an earlier epoch does nothing. */
  readonly epoch: number
  /** How many events its partition (or its run) had seen; makes the job's id, so that one event sends one job. */
  readonly tick: number
  /** How often it was put off. */
  readonly round?: number
}

/** A job as a worker holds it; `retryCount` is the attempt that fences its completion. */
export type Job = { readonly id: string; readonly retryCount: number; readonly data: JobData }

const namespace = "6f0f6c1e-7d0e-4a53-9c53-1d9a6f1f3b0a"

/** The same event sends the same job: an id that is there already is not sent twice. */
export function jobId(data: JobData): string {
  return uuidV5(
    [
      data.runId,
      data.epoch,
      data.task,
      data.partitionId ?? data.stripe ?? "",
      data.tick,
      ...(data.round === undefined ? [] : [data.round]),
    ].join("/"),
    namespace,
  )
}
