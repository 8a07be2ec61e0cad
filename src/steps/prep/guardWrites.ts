import type { TableName } from "../../domain/tableName.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { targetName } from "../../domain/derivedNames.ts"
import { findRelation } from "../../postgres/catalog/findRelation.ts"
import { describeTable } from "../../postgres/catalog/describeTable.ts"
import { type Sql, ident, join, literal, sql, table } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import { saveRunFacts } from "../../store/runs.ts"
import type { RunStep } from "../Step.ts"
import { readGuardMark, sourceGone } from "../source/assertUnchanged.ts"
import { makeBlueprint } from "./blueprint.ts"
import { type GuardStatements, captureStatements, dropCaptureStatements } from "../changes/capture.ts"
import { heapFile } from "../source/assertSameHeap.ts"
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
 * the run. The definition of the table is noted before the lock that the triggers take, and the size of the heap under it.
 */
export const guardWrites: RunStep = async ({ tx, run }) =>
  await unlessBlocked(tx, run, {
    what: run.options.writes === "capture" ? "capturing writes" : "refusing writes",
    oids: [run.sourceOid],
    attempt: run.tick,
    work: async () => {
      await tx.query(definitionLock(run))
      const { before, under } = guardStatements(await noteSource(tx, run))
      for (const statement of before) await tx.query(statement)

      await tx.query(writeLock(run))
      const { file, blocks } = await readOne<{ file: string; blocks: string }>(
        tx,
        sql`select ${heapFile(run.sourceOid)} as file, ${heapBlocks(run.sourceOid)} as blocks`,
      )
      await tx.query(join(under, ";\n"))
      await saveRunFacts(tx, run.id, {
        heapFile: file,
        heapBlocks: Number(blocks),
        guardMark: await readGuardMark(tx, run),
      })
      return { event: { type: "writes.guarded" } }
    },
  })

/**
 * Keeps the definition as it is until the commit, while readers and writers go on: every ALTER, index, trigger, comment or foreign key
 * wants a lock that this one is in the way of (PostgreSQL manual, 13.3.1).
 */
export function definitionLock(run: Run): Sql {
  return sql`lock table only ${table(run.table)} in share update exclusive mode`
}

/** Keeps the rows as they are, too; the triggers want the same lock. */
export function writeLock(run: Run): Sql {
  return sql`lock table only ${table(run.table)} in share row exclusive mode`
}

async function noteSource(tx: Queryable, run: Run): Promise<Run> {
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

export function guardStatements(run: Run): GuardStatements {
  return run.options.writes === "capture" ? captureStatements(run) : { before: [], under: refusalStatements(run) }
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

/** An expression: how many blocks the heap has, as text. */
export function heapBlocks(oid: number): Sql {
  return sql`(pg_relation_size(${oid}::oid) / current_setting('block_size')::bigint)::text`
}
