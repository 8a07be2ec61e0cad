import type { TableName } from "../domain/tableName.ts"
import { CutoverError } from "../errors/CutoverError.ts"
import { renderTableName } from "../domain/tableName.ts"
import { type Queryable, findOne } from "../postgres/Queryable.ts"
import { findRelation } from "../postgres/catalog/findRelation.ts"
import { sql } from "../postgres/sql.ts"
import { type Partition, saveTableName } from "../store/partitions.ts"
import type { Run } from "../store/runs.ts"
import { boundsCheck, tableOf } from "./partitionTable.ts"

/**
 * The table of a partition, if it is there and the run's: attached to the target, or with the CHECK that only we give. A
 * table of somebody else may have the name; it is neither filled, emptied nor dropped.
 */
export async function findOwnTable(tx: Queryable, run: Run, partition: Partition): Promise<TableName | undefined> {
  const name = tableOf(run, partition)
  return await findOne<TableName>(
    tx,
    sql`
    select n.nspname as schema, c.relname as name
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${name.schema}
      and c.relname = ${name.name}
      and (exists (select from pg_inherits i where i.inhrelid = c.oid and i.inhparent = ${run.targetOid})
           or exists (select from pg_constraint o where o.conrelid = c.oid and o.contype = 'c' and o.conname = ${boundsCheck}))`,
  )
}

/** Gives a partition the name of the table that is still to be made; refuses a name that something else has. */
export async function claimTableName(tx: Queryable, run: Run, partitionId: string, name: TableName): Promise<void> {
  if ((await findRelation(tx, name)) !== undefined) throw nameTaken(run, name)
  await saveTableName(tx, partitionId, name.name)
}

function nameTaken(run: Run, name: TableName): CutoverError {
  return new CutoverError("CUTOVER_NAME_TAKEN", {
    message: `${renderTableName(name)} exists already, and a partition is to get that name.`,
    state: `${renderTableName(name)} and ${renderTableName(run.table)} are as they were.`,
    hint: `Rename or drop ${renderTableName(name)}, then: cutover retry ${run.id}`,
    details: { table: renderTableName(name) },
  })
}
