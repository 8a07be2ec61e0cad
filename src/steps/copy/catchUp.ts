import { targetName } from "../../domain/derivedNames.ts"
import { type Sql, ident, join, sql, table } from "../../postgres/sql.ts"
import type { Partition } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import type { PartitionStep } from "../Step.ts"
import { boundsCheck, partitionClause, tableOf } from "../partitionTable.ts"
import { noteLoaded } from "../locks/oldSnapshots.ts"
import { replayCopied } from "../changes/replayCopied.ts"
import { replayPartition } from "../changes/replayPartition.ts"
import { settingsOfPartition } from "../prep/settings.ts"
import { vacuumDeadRowsOnly } from "../autovacuum.ts"
import { requireBlueprint } from "../requireBlueprint.ts"
import { analyzeRoughly } from "../statistics.ts"
import { isAttached } from "../targetPartitions.ts"

/**
 * Replays what happened to the month while its indexes were built, and makes it a partition of the target. Its CHECK
 * proves the bounds and its indexes are there, so nothing is scanned and nothing is built.
 */
export const catchUp: PartitionStep = async ({ tx, run }, partition) => {
  const name = tableOf(run, partition)
  await replayPartition(tx, run, partition)
  // Before ATTACH: its lock on the target is wanted by the other months too.
  await analyzeRoughly(tx, name)
  if (!(await isAttached(tx, run, name)))
    await tx.query(join([...attachStatements(run, partition), vacuumDeadRowsOnly(name)], ";\n"))
  await replayCopied(tx, run)
  await noteLoaded(tx, run)
  return { event: { type: "caught.up" } }
}

/** ATTACH takes SHARE UPDATE EXCLUSIVE on the target and ACCESS EXCLUSIVE on the partition: nobody uses either yet. */
export function attachStatements(run: Run, partition: Partition): Sql[] {
  const name = table(tableOf(run, partition))
  return [
    ...settingsOfPartition(requireBlueprint(run).source, tableOf(run, partition)),
    sql`alter table ${table(targetName(run.table))} attach partition ${name} ${partitionClause(partition.bounds)}`,
    ...(partition.bounds === null ? [] : [sql`alter table ${name} drop constraint ${ident(boundsCheck)}`]),
  ]
}
