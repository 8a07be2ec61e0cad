import { targetName } from "../../domain/derivedNames.ts"
import type { TableName } from "../../domain/tableName.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { findNameOf, findRelation } from "../../postgres/catalog/findRelation.ts"
import { join, sql, table } from "../../postgres/sql.ts"
import { readPartitions } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { dropChangeLog } from "../changes/capture.ts"
import { dropPartitionTable } from "../copy/dropPartitionTable.ts"
import { dropLoader } from "../copy/loader.ts"
import { dropCaptureBack } from "../changes/captureBack.ts"
import { dropGuardStatements } from "./guardWrites.ts"
import { tableOf } from "../partitionTable.ts"
import { limitLocks } from "../locks/limitLocks.ts"
import { dropProofStatements } from "../relabel/boundHistory.ts"
import { relabels } from "../relabel/relabels.ts"
import { readTargetPartitions } from "../targetPartitions.ts"

/**
 * Drops what the run made, never with CASCADE; the source is as it was, and takes writes again. The source comes last: what guards
 * it goes under ACCESS EXCLUSIVE, held until the commit, and to drop hundreds of partitions takes seconds.
 */
export async function dropScaffold(tx: Queryable, run: Run): Promise<void> {
  await limitLocks(tx, run)
  // By OID: somebody may have renamed it, which is a reason to abort.
  const source = await findNameOf(tx, run.sourceOid)
  if (source !== undefined) await tryLock(tx, source)
  await dropTarget(tx, run)
  if (source !== undefined) {
    const guards = relabels(run) ? await dropProofStatements(tx, run, source) : dropGuardStatements(run, source)
    await tx.query(join(guards, ";\n"))
  }
  await dropChangeLog(tx, run)
}

/** Takes the lock and lets it go, so that a reader in the way costs the rest nothing. */
async function tryLock(tx: Queryable, source: TableName): Promise<void> {
  await tx.query(sql`savepoint try_lock`)
  await tx.query(sql`lock table only ${table(source)} in access exclusive mode`)
  await tx.query(sql`rollback to savepoint try_lock`)
}

/** Drops the target, its partitions, and the way back. An adopted one stays, emptied: the run found it, it did not make it. */
export async function dropTarget(tx: Queryable, run: Run): Promise<void> {
  const target = targetName(run.table)
  if (run.blueprint?.isAdopted === true) {
    await giveBackScaffold(tx, run, run.blueprint.adoptedPartitions)
    return await dropCaptureBack(tx, run, target)
  }
  if (relabels(run)) await assertApart(tx, run)
  if (run.targetOid !== null && (await findRelation(tx, target))?.oid === run.targetOid) {
    await tx.query(sql`drop table ${table(target)} restrict`)
  }
  await dropLoader(tx, run)
  for (const partition of await readPartitions(tx, run.id)) await dropPartitionTable(tx, partition)
  await dropCaptureBack(tx, run, null)
}

/** Dropping a partitioned table drops its partitions: the one that holds all rows must not be among them. */
async function assertApart(tx: Queryable, run: Run): Promise<void> {
  const attached = (await readTargetPartitions(tx, run)).some((partition) => partition.oid === run.sourceOid)
  if (attached) throw new Error(`the history of run ${run.id} is still a partition of the table that is to be dropped`)
}

/** The partitions that it had are emptied, those that the run made are dropped. */
async function giveBackScaffold(tx: Queryable, run: Run, adopted: readonly number[]): Promise<void> {
  for (const partition of await readPartitions(tx, run.id)) {
    await dropPartitionTable(tx, partition)
    if (partition.tableOid !== null || partition.tableName === null) continue
    const found = await findRelation(tx, tableOf(run, partition))
    if (found !== undefined && adopted.includes(found.oid))
      await tx.query(sql`truncate ${table(tableOf(run, partition))}`)
  }
}
