import type { Major } from "../src/embedded/binaries.ts"
import type { ContenderKind } from "./contenders/Contender.ts"

/**
 * What was found on one set of data, as it is kept in `bench/results/<major>-<heap>-<rows>-<parts>[-batches-of-<time>].json`. Times are in
 * milliseconds, sizes in bytes, shares between 0 and 1. A part that was not measured is null.
 */
export type BenchResult = {
  readonly schemaVersion: 2
  /** ISO 8601, UTC: when the bench began. */
  readonly at: string
  /** The command that made it. */
  readonly command: string
  /** The checkout's commit, followed by `+` where files were changed since. */
  readonly commit: string
  /** Repeats the random moments. */
  readonly seed: number
  readonly machine: Machine
  readonly versions: Versions
  /** What the server was set to, of what matters here. */
  readonly settings: Readonly<Record<string, string>>
  readonly data: DataFacts
  readonly batchTarget: string
  readonly speed: SpeedResult | null
  readonly waiting: readonly WaitingSample[] | null
  readonly live: LiveResult | null
  readonly pauses: PauseResult | null
}

export type Machine = {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly system: string
}

export type Versions = {
  readonly cutover: string
  readonly node: string
  readonly postgres: string
  readonly major: Major
}

/** How the rows lie in the heap: by date, or in no order; `unindexed` is in no order, without an index that begins with the date. */
export const heaps = ["ordered", "shuffled", "unindexed"] as const
export type Heap = (typeof heaps)[number]

/** The table that is partitioned. `months` is how many rows each month has, by label such as `2024-01`. */
export type DataFacts = {
  readonly table: string
  readonly heap: Heap
  readonly rows: number
  readonly heapBytes: number
  readonly totalBytes: number
  readonly months: Readonly<Record<string, number>>
}

/** The contenders in the order of their table. */
export type SpeedResult = { readonly contenders: readonly ContenderResult[] }

export type ContenderResult = {
  readonly kind: ContenderKind
  readonly name: string
  readonly says: string
  /** Connections at work at once. */
  readonly parallel: number
  readonly timings: readonly Timing[]
}

/** One run of one contender. */
export type Timing = {
  readonly ms: number
  /** The share of all cores that others took meanwhile; null where it cannot be seen. */
  readonly othersShare: number | null
  readonly walBytes: number
  /** CPU time of all processes of the server; null where it cannot be seen. */
  readonly serverCpuMs: number | null
  /** What the contender's process was seen to take; null for one that works in the server alone. */
  readonly process: ProcessUse | null
  /** Further times, by what they are of. */
  readonly parts: Readonly<Record<string, number>>
}

/**
 * `cpuMs` is user and system time together, of the whole process; `workingCpuMs` that of the `workingMs` from the launch
 * to the swap, without the start of Node.
 */
export type ProcessUse = {
  readonly peakRssBytes: number
  readonly cpuMs: number
  readonly wallMs: number
  readonly workingCpuMs: number
  readonly workingMs: number
}

/** One run watched from outside; see `measureWaiting` for the meaning. */
export type WaitingSample = {
  /** The share of all cores that others took meanwhile; null where it cannot be seen. */
  readonly othersShare: number | null
  readonly samples: number
  /** Time in which a partition was under way, summed over the partitions. */
  readonly underWayMs: number
  /** The part of it in which no session of ours was at work for it. */
  readonly idleMs: number
  /**
   * From a batch's statement's end to the next one's begin, as a share of both: what a batch costs besides its rows. Null
   * after a sweep, whose batches are not noted by stripe.
   */
  readonly turnaroundShare: number | null
  readonly medianTurnaroundMs: number | null
}

/** What an application feels: transactions that begin at a fixed pace, alone and beside a copy. */
export type LiveResult = { readonly perSecond: number; readonly periods: readonly LivePeriod[] }

/** How a period is named that is but the copy of a run, with its comparisons, between the two moments of a strong lock. */
export const itsCopy = ": the copy and the comparisons alone"

/** Times are from the moment when a transaction was due to its end, so a stall counts for all that it held up. */
export type LivePeriod = {
  /** `nothing else`, or the contender's name. */
  readonly beside: string
  readonly transactions: number
  readonly errors: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly longestMs: number
  /** How long the copy took beside them; null where there was none. */
  readonly copyMs: number | null
  /** Rows that differed from the source when it said that it was done, summed over the runs; null where it was not looked. */
  readonly wrongRows: number | null
}

export type PauseResult = {
  readonly batchTargetMs: number
  /** What the command takes when nothing is under way: it starts, connects, looks, and ends. */
  readonly commandAloneMs: readonly number[]
  /** Of each run that was paused, the share of all cores that others took meanwhile; null where it cannot be seen. */
  readonly othersShares: readonly (number | null)[]
  readonly pauses: readonly Pause[]
}

export type Pause = {
  readonly how: "command" | "in process"
  readonly ms: number
  /** The part of it after the run was paused: until nothing was under way any more, and the caller knew. */
  readonly afterAcceptedMs: number
  /** What was under way when the run was paused: tasks of partitions, or the step of the run. */
  readonly underWay: readonly string[]
  /** The longest batch that ended after that; null where none was in flight. */
  readonly batchMs: number | null
}
