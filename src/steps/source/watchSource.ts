import type { StepContext } from "../Step.ts"
import { heedTruncation } from "../changes/truncation.ts"
import { assertSameHeap } from "./assertSameHeap.ts"
import { assertUntouched } from "./assertUnchanged.ts"

/**
 * Makes sure that nothing happened to the source which the copy could miss. It stays so until the transaction ends, but for
 * changes that take no strong lock, which the next look finds.
 */
export async function watchSource(context: StepContext): Promise<void> {
  await assertUntouched(context.tx, context.run)
  await watchHeap(context)
}

/** Reading by blocks goes on only in the heap that the survey saw, or in the one that a TRUNCATE left. */
export async function watchHeap({ tx, run }: StepContext): Promise<void> {
  if (run.options.writes === "capture") await heedTruncation(tx, run)
  await assertSameHeap(tx, run)
}
