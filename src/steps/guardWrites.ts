import { renderTableName } from "../domain/tableName.ts"
import { CutoverError } from "../errors/CutoverError.ts"
import { type Queryable, readOne } from "../postgres/Queryable.ts"
import { targetName } from "../domain/derivedNames.ts"
import { findRelation } from "../postgres/catalog/findRelation.ts"
import { describeTable } from "../postgres/catalog/describeTable.ts"
import { type Sql, ident, literal, sql, table } from "../postgres/sql.ts"
import type { Run } from "../store/runs.ts"
import { saveRunFacts } from "../store/runs.ts"
import type { RunStep } from "./Step.ts"
import { makeBlueprint } from "./blueprint.ts"
import { fingerprintOf } from "./fingerprint.ts"
import { readTargetPartitions } from "./targetPartitions.ts"
import { unlessBlocked } from "./unlessBlocked.ts"

/** The trigger on the source that refuses writes while the run lives. */
export const guardTrigger = "cutover_refuse_writes"

/**
 * From here on the source does not change: a trigger refuses writes with a message that names the run, and the
 * size of the heap and the definition of the table are noted under the lock that put it there.
 */
export const guardWrites: RunStep = async ({ tx, run }) =>
  await unlessBlocked(tx, run, {
    what: "refusing writes",
    oids: [run.sourceOid],
    attempt: run.tick,
    work: async () => {
      for (const statement of guardStatements(run)) await tx.query(statement)
      await noteSource(tx, run)
      return { event: { type: "writes.guarded" } }
    },
  })

async function noteSource(tx: Queryable, run: Run): Promise<void> {
  const source = await describeTable(tx, run.sourceOid)
  if (source === undefined) throw sourceGone(run)
  const scaffold = await findRelation(tx, targetName(run.table))
  const partitions = scaffold === undefined ? [] : await readTargetPartitions(tx, { targetOid: scaffold.oid })
  const { blocks } = await readOne<{ blocks: string }>(tx, heapBlocks(run.sourceOid))
  await saveRunFacts(tx, run.id, {
    heapBlocks: Number(blocks),
    blueprint: makeBlueprint(source, run.key.column, {
      keyMayBeNull: run.options.nullKeys !== "refuse",
      isAdopted: scaffold !== undefined,
      adoptedPartitions: partitions.map((partition) => partition.oid),
    }),
    fingerprint: fingerprintOf(source),
  })
}

/**
 * CREATE TRIGGER takes SHARE ROW EXCLUSIVE: it waits for writers under way, not longer than lock_timeout, and once
 * it is held no row of the table can change any more. ENABLE ALWAYS also stops logical apply workers.
 */
export function guardStatements(run: Run): Sql[] {
  const source = table(run.table)
  return [
    sql`create trigger ${ident(guardTrigger)}
      before insert or update or delete or truncate on ${source}
      for each statement execute function cutover.refuse_writes(${literal(run.id)})`,
    sql`alter table ${source} enable always trigger ${ident(guardTrigger)}`,
  ]
}

/** DROP TRIGGER takes ACCESS EXCLUSIVE on the table, for as long as the catalog change takes. */
export async function dropGuard(tx: Queryable, name: { schema: string; name: string }): Promise<void> {
  await tx.query(sql`drop trigger if exists ${ident(guardTrigger)} on ${table(name)}`)
}

export function heapBlocks(oid: number): Sql {
  return sql`select (pg_relation_size(${oid}::oid) / current_setting('block_size')::bigint)::text as blocks`
}

export function sourceGone(run: Run): CutoverError {
  return new CutoverError("CUTOVER_SOURCE_CHANGED", {
    message: `${renderTableName(run.table)} is gone: the table with OID ${run.sourceOid} does not exist any more.`,
    state: "The run stopped; what it built so far is still there.",
    hint: `Abort the run: cutover abort ${run.id} --confirm ${renderTableName(run.table)}`,
  })
}
