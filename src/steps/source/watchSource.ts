import type { StepContext } from "../Step.ts"
import { readOne } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"
import { heedTruncation, isTruncated } from "../changes/truncation.ts"
import { assertSameHeap } from "./assertSameHeap.ts"
import { assertUntouched, untouchedMark } from "./assertUnchanged.ts"

/**
 * Makes sure that nothing happened to the source which the copy could miss. It stays so until the transaction ends, but for
 * changes that take no strong lock, which the next look finds.
 */
export async function watchSource({ tx, run }: StepContext): Promise<void> {
  const { mark, truncated } = await readOne<{ mark: string; truncated: boolean }>(
    tx,
    sql`select ${untouchedMark(run)} as mark, ${isTruncated(run)} as truncated`,
  )
  await assertUntouched(tx, run, mark)
  if (truncated) await heedTruncation(tx, run)
  await assertSameHeap(tx, run)
}

/** Reading by blocks goes on only in the heap that the survey saw, or in the one that a TRUNCATE left. */
export async function watchHeap({ tx, run }: StepContext): Promise<void> {
  if (run.options.writes === "capture") await heedTruncation(tx, run)
  await assertSameHeap(tx, run)
}
