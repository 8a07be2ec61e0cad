import type { PartitionStep, StepContext } from "../Step.ts"
import { heedTruncation } from "../changes/truncation.ts"
import { assertSameHeap } from "./assertSameHeap.ts"
import { assertUntouched } from "./assertUnchanged.ts"

/** A step that first makes sure that nothing happened to the source which the copy could miss. */
export function onWatchedSource(step: PartitionStep): PartitionStep {
  return async (context, partition) => {
    await assertUntouched(context.tx, context.run)
    await watchHeap(context)
    return await step(context, partition)
  }
}

/** Reading by blocks goes on only in the heap that the survey saw, or in the one that a TRUNCATE left. */
export async function watchHeap({ tx, run }: StepContext): Promise<void> {
  if (run.options.writes === "capture") await heedTruncation(tx, run)
  await assertSameHeap(tx, run)
}
