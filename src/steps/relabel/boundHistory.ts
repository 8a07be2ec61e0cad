import { renderTableName, type TableName } from "../../domain/tableName.ts"
import { CutoverError } from "../../errors/CutoverError.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { describeTable } from "../../postgres/catalog/describeTable.ts"
import { type Sql, ident, literal, sql, table } from "../../postgres/sql.ts"
import type { Boundary } from "../../store/Blueprint.ts"
import { type Run, saveRunFacts } from "../../store/runs.ts"
import type { RunStep } from "../Step.ts"
import { BlockedError, unlessBlocked } from "../locks/unlessBlocked.ts"
import { boundsCheck } from "../partitionTable.ts"
import { makeBlueprint } from "../prep/blueprint.ts"
import { definitionLock } from "../prep/guardWrites.ts"
import { readGuardMark, sourceGone } from "../source/assertUnchanged.ts"
import { fingerprintOf } from "../source/fingerprint.ts"
import { readIncomingKeys } from "../source/readIncomingKeys.ts"
import { readViaRoot } from "../swap/belongings/publications.ts"
import { readBoundary } from "./boundary.ts"
import { findKeyIndex } from "./keyIndexes.ts"
import { historyObjectName, oldKeyName, withoutOurs } from "./relabels.ts"

/**
 * From here on no row can come that would not belong to the history: a CHECK says so, which holds for new rows at once and is
 * validated afterwards. The definition of the table is noted before the lock.
 */
export const boundHistory: RunStep = async ({ tx, run }) =>
  await unlessBlocked(tx, run, {
    what: "the CHECK of the history's bounds",
    oids: [run.sourceOid],
    attempt: run.tick,
    work: async () => {
      const boundary = await readBoundary(tx, run)
      await assertNoNulls(tx, run)
      await tx.query(definitionLock(run))
      await noteSource(tx, run, boundary)
      // ACCESS EXCLUSIVE until the commit, which ADD CONSTRAINT takes too.
      await tx.query(sql`lock table only ${table(run.table)} in access exclusive mode`)
      if ((await readBoundary(tx, run)).edge !== boundary.edge)
        throw new BlockedError("waits: a row just came that moves the boundary")
      await tx.query(boundStatement(run, boundary))
      await saveRunFacts(tx, run.id, { guardMark: await readGuardMark(tx, run) })
      return { event: { type: "writes.guarded" } }
    },
  })

/** Rows without a key could not be updated any more. An index that begins with the key finds them. */
async function assertNoNulls(tx: Queryable, run: Run): Promise<void> {
  const { found } = await readOne<{ found: boolean }>(
    tx,
    sql`select exists (select from only ${table(run.table)} where ${ident(run.key.column)} is null) as found`,
  )
  if (!found) return
  throw new CutoverError("CUTOVER_KEY_NULLS", {
    message: `Rows of ${renderTableName(run.table)} have no ${run.key.column}, and no range of a partition holds NULL.`,
    state: "Nothing was changed but the indexes that were built.",
    hint: `Give these rows a key and resume, or: cutover abort ${run.id} --confirm ${renderTableName(run.table)}`,
  })
}

async function noteSource(tx: Queryable, run: Run, boundary: Boundary): Promise<void> {
  const described = await describeTable(tx, run.sourceOid)
  if (described === undefined) throw sourceGone(run)
  const source = withoutOurs(described)
  const blueprint = makeBlueprint(source, run.key.column, {
    keyMayBeNull: false,
    incomingKeys: await readIncomingKeys(tx, run.sourceOid, run.key.column),
    viaRoot: await readViaRoot(tx, run.sourceOid),
    isAdopted: false,
    adoptedPartitions: [],
  })
  await saveRunFacts(tx, run.id, { blueprint: { ...blueprint, boundary }, fingerprint: fingerprintOf(source) })
}

/** ACCESS EXCLUSIVE for an instant: NOT VALID reads no row (PostgreSQL manual, ALTER TABLE). */
export function boundStatement(run: Run, { edge }: Boundary): Sql {
  const key = ident(run.key.column)
  return sql`alter table ${table(run.table)} add constraint ${ident(boundsCheck)}
    check (${key} is not null and ${key} < ${literal(edge)}::${ident("pg_catalog", run.key.type)}) not valid`
}

/** What prep added to the table goes again; an index of that name that hangs on another table is not ours. */
export async function dropProofStatements(tx: Queryable, run: Run, name: TableName): Promise<Sql[]> {
  const source = await describeTable(tx, run.sourceOid)
  const keys = source?.indexes.filter((index) => index.isPrimary).map((index) => index.name) ?? []
  const drops = [sql`alter table ${table(name)} drop constraint if exists ${ident(boundsCheck)}`]
  for (const index of keys.flatMap((key) => [historyObjectName(key), oldKeyName(key)]))
    if ((await findKeyIndex(tx, run, index)) !== undefined) drops.push(sql`drop index ${ident(name.schema, index)}`)
  return drops
}
