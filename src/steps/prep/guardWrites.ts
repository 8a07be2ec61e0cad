import type { TableName } from "../../domain/tableName.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { targetName } from "../../domain/derivedNames.ts"
import { findRelation } from "../../postgres/catalog/findRelation.ts"
import { describeTable } from "../../postgres/catalog/describeTable.ts"
import { type Sql, ident, literal, sql, table } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import { saveRunFacts } from "../../store/runs.ts"
import type { RunStep } from "../Step.ts"
import { readGuardMark, sourceGone } from "../source/assertUnchanged.ts"
import { makeBlueprint } from "./blueprint.ts"
import { captureStatements, dropCaptureStatements } from "../changes/capture.ts"
import { noteHeap } from "../source/assertSameHeap.ts"
import { fingerprintOf } from "../source/fingerprint.ts"
import { readIncomingKeys } from "../source/readIncomingKeys.ts"
import { readViaRoot } from "../swap/belongings/publications.ts"
import { findPlace } from "../split/place.ts"
import { readTargetPartitions } from "../targetPartitions.ts"
import { unlessBlocked } from "../locks/unlessBlocked.ts"

/** The triggers on the source that refuse writes while the run lives: statements, and rows for those that come without. */
const refuseTriggers = { statements: "cutover_refuse_writes", rows: "cutover_refuse_rows" } as const

/**
 * From here on nothing that happens to the source goes unseen: writes are captured, or refused with a message that names
 * the run. The size of the heap and the definition of the table are noted under the lock that put the triggers there.
 */
export const guardWrites: RunStep = async ({ tx, run }) =>
  await unlessBlocked(tx, run, {
    what: run.options.writes === "capture" ? "capturing writes" : "refusing writes",
    oids: [run.sourceOid],
    attempt: run.tick,
    work: async () => {
      const noted = await noteSource(tx, run)
      for (const statement of guardStatements(noted)) await tx.query(statement)
      await noteHeap(tx, run)
      const { blocks } = await readOne<{ blocks: string }>(tx, heapBlocks(run.sourceOid))
      await saveRunFacts(tx, run.id, { heapBlocks: Number(blocks), guardMark: await readGuardMark(tx, run) })
      return { event: { type: "writes.guarded" } }
    },
  })

/** SHARE ROW EXCLUSIVE keeps definitions and rows as they are until the commit; the triggers want the same lock. */
async function noteSource(tx: Queryable, run: Run): Promise<Run> {
  await tx.query(sql`lock table only ${table(run.table)} in share row exclusive mode`)
  const source = await describeTable(tx, run.sourceOid)
  if (source === undefined) throw sourceGone(run)
  const scaffold = await findRelation(tx, targetName(run.table))
  const partitions = scaffold === undefined ? [] : await readTargetPartitions(tx, { targetOid: scaffold.oid })
  const blueprint = makeBlueprint(source, run.key.column, {
    keyMayBeNull: run.options.nullKeys !== "refuse",
    incomingKeys: await readIncomingKeys(tx, run.sourceOid, run.key.column),
    viaRoot: await readViaRoot(tx, run.sourceOid),
    isAdopted: scaffold !== undefined,
    adoptedPartitions: partitions.map((partition) => partition.oid),
    place: await findPlace(tx, run.sourceOid, run.key.column),
  })
  await saveRunFacts(tx, run.id, { blueprint, fingerprint: fingerprintOf(source) })
  return { ...run, blueprint }
}

/** In one transaction, after the lock that they want. */
export function guardStatements(run: Run): Sql[] {
  return run.options.writes === "capture" ? captureStatements(run) : refusalStatements(run)
}

/**
 * ENABLE ALWAYS also stops writers under session_replication_role = replica. Logical apply workers write rows without a
 * statement, and fire no statement triggers but TRUNCATE's, so rows have a trigger of their own.
 */
function refusalStatements(run: Run): Sql[] {
  const source = table(run.table)
  const refuse = sql`execute function cutover.refuse_writes(${literal(run.id)})`
  return [
    sql`create trigger ${ident(refuseTriggers.statements)}
      before insert or update or delete or truncate on ${source} for each statement ${refuse}`,
    sql`create trigger ${ident(refuseTriggers.rows)}
      before insert or update or delete on ${source} for each row ${refuse}`,
    ...Object.values(refuseTriggers).map((name) => sql`alter table ${source} enable always trigger ${ident(name)}`),
  ]
}

/** DROP TRIGGER takes ACCESS EXCLUSIVE on the table, for as long as the catalog change takes. */
export function dropGuardStatements(run: Run, name: TableName): Sql[] {
  if (run.options.writes === "capture") return dropCaptureStatements(name)
  return Object.values(refuseTriggers).map((trigger) => sql`drop trigger if exists ${ident(trigger)} on ${table(name)}`)
}

export function heapBlocks(oid: number): Sql {
  return sql`select (pg_relation_size(${oid}::oid) / current_setting('block_size')::bigint)::text as blocks`
}
