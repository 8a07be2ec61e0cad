import { targetName } from "../domain/derivedNames.ts"
import type { Queryable } from "../postgres/Queryable.ts"
import { findRelation } from "../postgres/catalog/findRelation.ts"
import { sql, table } from "../postgres/sql.ts"
import { readPartitions } from "../store/partitions.ts"
import type { Run } from "../store/runs.ts"
import { dropGuard } from "./guardWrites.ts"
import { tableOf } from "./partitionTable.ts"

/** Drops what the run made, never with CASCADE. An adopted target stays, emptied: the run found it, it did not make it. */
export async function dropScaffold(tx: Queryable, run: Run): Promise<void> {
  await tx.query(sql`select set_config('lock_timeout', ${`${run.options.lockTimeoutMs}ms`}, true)`)
  // ACCESS EXCLUSIVE on the source until the commit; taken first, so that a reader in the way costs the rest nothing.
  await dropGuard(tx, run.table)
  const target = targetName(run.table)
  const isAdopted = run.blueprint?.isAdopted === true
  if (run.targetOid !== null && (await findRelation(tx, target))?.oid === run.targetOid) {
    await tx.query(isAdopted ? sql`truncate ${table(target)}` : sql`drop table ${table(target)} restrict`)
  }
  if (isAdopted) return
  for (const partition of await readPartitions(tx, run.id)) {
    if (partition.tableName !== null) await tx.query(sql`drop table if exists ${table(tableOf(run, partition))} restrict`)
  }
}
