import { targetName } from "../../domain/derivedNames.ts"
import { tryTransactionLock } from "../../postgres/advisoryLock.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { type Partition, readPartitions } from "../../store/partitions.ts"
import { changeLogOf, countKeys } from "../../store/changeLog.ts"
import type { Run } from "../../store/runs.ts"
import { replay } from "./replay.ts"
import { replayLock } from "./replayPartition.ts"

/** Entries of the log that one job replays beside its own work: some seconds' worth. */
const changesPerJob = 50_000

/**
 * Brings the months that are through up to date, each time another one is: so the log grows for as long as one month takes
 * to copy, and not for as long as all do. Months that somebody else replays just now are left to them.
 */
export async function replayCopied(tx: Queryable, run: Run): Promise<void> {
  if (run.options.writes !== "capture") return
  if ((await countKeys(tx, changeLogOf(run), 1)) === 0) return
  const free: Partition[] = []
  for (const partition of await readPartitions(tx, run.id)) {
    const isThrough = partition.state === "copied" || partition.state === "validated"
    if (isThrough && (await tryTransactionLock(tx, replayLock(partition)))) free.push(partition)
  }
  if (free.length > 0) await replay(tx, run, targetName(run.table), { among: free, limit: changesPerJob })
}
