import type { PartitionTask } from "../machine/effects.ts"
import type { PartitionEvent } from "../machine/events.ts"
import { advancePartition } from "../machine/advance.ts"
import { taskOfState } from "../machine/partitionMachine.ts"
import { liftStatementTimeout } from "../postgres/sessionSettings.ts"
import type { Outcome, StepContext } from "../steps/Step.ts"
import { watchSource } from "../steps/source/watchSource.ts"
import { type Partition, readPartition } from "../store/partitions.ts"
import { partitionSteps, untimedTasks } from "./tasks.ts"

/** A partition before a step, and what the step came to. */
export type Passed = { readonly partition: Partition; readonly outcome: Outcome<PartitionEvent> }

/** What a small month may go through in one job: a job of its own for each would cost more than the work. */
const chained: ReadonlySet<PartitionTask | undefined> = new Set(["copy", "index", "catchUp"])

/** The share of a batch's time after which nothing more is begun, but for catching up: mostly there is next to nothing to do. */
const mostOfBatch = 0.4

/**
 * Works the partition's task, and while little of a batch's time is used up the ones that follow it. Each step sees the
 * partition as the one before left it; the events are for the caller, who locks the run once for all of them.
 */
export async function workPartition(context: StepContext, partition: Partition): Promise<readonly Passed[]> {
  const deadline = performance.now() + context.run.options.batchTargetMs * mostOfBatch
  await watchSource(context)
  const passed: Passed[] = []
  let at = partition
  let { run } = context
  // Whoever began with a task that may last has lifted the timeout already.
  let isTimed = !untimedTasks.has(taskOfState[at.state] ?? "")
  for (;;) {
    const task = taskOfState[at.state]
    if (task === undefined) throw new Error(`partition ${at.label} has no task in ${at.state}`)
    if (isTimed && untimedTasks.has(task)) {
      await liftStatementTimeout(context.tx)
      isTimed = false
    }
    const outcome = await partitionSteps[task]({ tx: context.tx, run }, at)
    passed.push({ partition: at, outcome })
    const { state } = advancePartition(at.state, outcome.event)
    const next = taskOfState[state]
    const isChained = chained.has(next) && outcome.afterCommit === undefined
    if (!isChained || (next !== "catchUp" && performance.now() > deadline)) return passed
    run = { ...run, batchBlocks: outcome.batchBlocks ?? run.batchBlocks }
    at = { ...(await readPartition(context.tx, at.id)), state, tick: at.tick + 1 }
  }
}
