import type { PartitionEvent, RunEvent } from "../machine/events.ts"
import type { Queryable } from "../postgres/Queryable.ts"
import type { Partition } from "../store/partitions.ts"
import type { Stripe } from "../store/stripes.ts"
import type { Run } from "../store/runs.ts"

export type StepContext = {
  /** The transaction that the step's work commits in, together with its outcome. */
  readonly tx: Queryable
  readonly run: Run
}

/** What a step did, as the event that the machine takes; the facts go to the log. */
export type Outcome<Event> = {
  readonly event: Event
  /** Facts for the log record that the event leads to. */
  readonly facts?: Readonly<Record<string, unknown>>
  /** The size of the next batch, where this one taught it. Kept by whoever locks the run: a step that did would lock it for others. */
  readonly batchBlocks?: number
  /** Runs after the commit; what it does may be lost in a crash. */
  readonly afterCommit?: (db: Queryable) => Promise<void>
}

/** A step works and reports; it sends no jobs and changes no state. */
export type RunStep = (context: StepContext) => Promise<Outcome<RunEvent>>
/** Returns what is to be done after the commit. */
export type StripeStep = (context: StepContext, stripe: Stripe) => Promise<Outcome<unknown>["afterCommit"]>

/** What the comparison of all partitions at once found. */
export type Compared = {
  readonly partition: Partition
  readonly equal: boolean
  readonly facts: Outcome<never>["facts"]
}
export type CompareStep = (context: StepContext) => Promise<readonly Compared[]>
export type PartitionStep = (context: StepContext, partition: Partition) => Promise<Outcome<PartitionEvent>>
