import { assertUnchanged } from "./assertUnchanged.ts"
import type { PartitionStep } from "../Step.ts"
import { heedTruncation } from "../changes/truncation.ts"

/** A step that first makes sure that nothing happened to the source which the copy could miss. */
export function onWatchedSource(step: PartitionStep): PartitionStep {
  return async (context, partition) => {
    await assertUnchanged(context.tx, context.run)
    if (context.run.options.writes === "capture") await heedTruncation(context.tx, context.run)
    return await step(context, partition)
  }
}
