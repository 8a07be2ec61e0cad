import { partitionObjectName } from "../../domain/derivedNames.ts"
import type { TableName } from "../../domain/tableName.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, sql, table } from "../../postgres/sql.ts"
import type { PlannedIndex } from "../../store/Blueprint.ts"
import type { Partition } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import type { PartitionStep } from "../Step.ts"
import { tableOf } from "../partitionTable.ts"
import { replayPartition } from "../changes/replayPartition.ts"
import { indexStatement } from "../prep/scaffold.ts"
import { isAttached } from "../targetPartitions.ts"
import { requireBlueprint } from "../requireBlueprint.ts"

/**
 * Builds the indexes and keys that the loaded partition lacks: one after the other for as long as a batch may last, so that
 * small months take one job and large ones stop in between. Before the first of them the rows that moved while the
 * partition loaded are taken out and put in afresh: batches see different snapshots, so an UPDATE may have carried a row
 * behind the copy, or ahead of it, where it was copied twice.
 */
export const buildIndex: PartitionStep = async ({ tx, run }, partition) => {
  const missing = await missingObjects(tx, run, partition)
  if (missing.length === builtAlone(run).length) await replayPartition(tx, run, partition)
  await tx.query(sql`select set_config('maintenance_work_mem', ${`${sortMemoryMb}MB`}, true)`)
  const startedAt = performance.now()
  let built = 0
  while (built < missing.length && (built === 0 || performance.now() - startedAt < run.options.batchTargetMs)) {
    const statement = missing[built]
    if (statement !== undefined) await tx.query(statement)
    built += 1
  }
  return { event: { type: "index.built", finished: built === missing.length } }
}

/** A month's index is sorted in memory where it fits; the default of 64 MB would spill months of a million rows. */
export const sortMemoryMb = 256

/** The statements of the objects that are still to be made, in order. A partition that is attached has all of them. */
async function missingObjects(tx: Queryable, run: Run, partition: Partition): Promise<Sql[]> {
  const name = tableOf(run, partition)
  if (await isAttached(tx, run, name)) return []
  const present = await presentNames(tx, run, partition)
  return builtAlone(run)
    .map((index) => ({ index, name: partitionObjectName(name, index.name) }))
    .filter((one) => !present.has(one.name))
    .map((one) => indexStatement(one.index, table(name), one.name))
}

/** All of them, for a partition that is empty or only planned. */
export function indexesOfPartition(run: Run, name: TableName): Sql[] {
  return builtAlone(run).map((index) => indexStatement(index, table(name), partitionObjectName(name, index.name)))
}

/** What each partition gets before it is attached; the rest comes with ATTACH. */
export function builtAlone(run: Run): PlannedIndex[] {
  return requireBlueprint(run).indexes.filter((index) => !index.isExclusion)
}

async function presentNames(tx: Queryable, run: Run, partition: Partition): Promise<Set<string>> {
  const name = tableOf(run, partition)
  const { rows } = await tx.query<{ name: string }>(sql`
    with it as (
      select c.oid
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = ${name.schema} and c.relname = ${name.name}
    )
    select ic.relname as name from pg_index i join pg_class ic on ic.oid = i.indexrelid join it on it.oid = i.indrelid
    union
    select o.conname from pg_constraint o join it on it.oid = o.conrelid`)
  return new Set(rows.map((row) => row.name))
}
