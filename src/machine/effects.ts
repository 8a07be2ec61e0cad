import type { RecordKind } from "../log/records.ts"

export const runTasks = [
  "indexes",
  "writes",
  "survey",
  "scaffold",
  "unload",
  "compare",
  "attach",
  "analyze",
  "cleanup",
  "settle",
  "discard",
] as const
export const partitionTasks = ["copy", "index", "catchUp", "validate"] as const

/** A piece of work that one durable job stands for. */
export type RunTask = (typeof runTasks)[number]
export type PartitionTask = (typeof partitionTasks)[number]
/** The one piece of work that goes on in several stripes of the heap at once. */
export type StripeTask = "sweep"
export type Task = RunTask | PartitionTask | StripeTask

/** What a transition of a run asks for; it is carried out in the transaction of the transition. */
export type RunEffect =
  | { readonly type: "schedule"; readonly task: RunTask; readonly delayMs: number }
  /** Schedule the work of the partitions that are busy: they were left in the middle. */
  | { readonly type: "rejoin" }
  /** Schedule the stripes of the heap that are not swept to their end. */
  | { readonly type: "sweep" }
  /** Begin partitions until as many are busy as may be. */
  | { readonly type: "fillLanes" }
  | { readonly type: "record"; readonly kind: RecordKind; readonly data: Readonly<Record<string, unknown>> }
  | { readonly type: "finish" }

/** What a transition of a partition asks for. */
export type PartitionEffect =
  { readonly type: "schedule"; readonly task: PartitionTask } | { readonly type: "record"; readonly kind: RecordKind }
