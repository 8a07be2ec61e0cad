import { lockKey, takeLock } from "../../postgres/advisoryLock.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"
import type { Partition } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { tableOf } from "../partitionTable.ts"
import { replay } from "./replay.ts"

/** Two at once would both insert a row that changed in between: whoever replays a month holds its lock until the commit. */
export function replayLock(partition: Partition): string {
  return lockKey("replay", partition.id)
}

/** Makes one month equal to the source for the keys in the change log that fall into it, and keeps its count true. */
export async function replayPartition(tx: Queryable, run: Run, partition: Partition): Promise<void> {
  if (run.options.writes !== "capture") return
  await takeLock(tx, replayLock(partition))
  const { deleted, inserted } = await replay(tx, run, tableOf(run, partition), { partition })
  if (deleted === 0 && inserted === 0) return
  await tx.query(
    sql`update cutover.partitions set rows_copied = rows_copied + ${inserted - deleted} where id = ${partition.id}`,
  )
}
