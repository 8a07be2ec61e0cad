import { legacyName, targetName } from "../../domain/derivedNames.ts"
import { renderTableName } from "../../domain/tableName.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, sql, statementText, table } from "../../postgres/sql.ts"
import type { Blueprint } from "../../store/Blueprint.ts"
import { type Run, saveRunFacts } from "../../store/runs.ts"
import { assertUnchanged, changed, readDefinitionMark } from "../source/assertUnchanged.ts"
import { countChanges } from "../../store/changeLog.ts"
import { dropGuard, heapBlocks } from "../prep/guardWrites.ts"
import { assertNoOldSnapshots } from "./oldSnapshots.ts"
import { replay } from "../changes/replay.ts"
import { countStrays } from "../changes/strays.ts"
import { BlockedError } from "../locks/unlessBlocked.ts"
import { heedTruncation } from "../changes/truncation.ts"
import { grantStatements } from "./grants.ts"
import { legacyObjectName, requireBlueprint, targetObjectName } from "../prep/scaffold.ts"
import { boundsCheck } from "../partitionTable.ts"

export type Swapped = { readonly lockedAt: number; readonly facts: Readonly<Record<string, unknown>> }

/**
 * The swap, inside the caller's transaction, which has set the lock timeout: locks, checks that nothing changed since the beginning, and exchanges the
 * two tables. Readers and writers that wait for the lock resolve the name again and find the new table.
 */
export async function swap(tx: Queryable, run: Run): Promise<Swapped> {
  const blueprint = requireBlueprint(run)
  // The whole definition is compared before the lock; under it, a mark tells whether that still holds.
  await assertUnchanged(tx, run)
  const mark = await readDefinitionMark(tx, run)
  // The one moment of ACCESS EXCLUSIVE on the live table. The target first: nobody but us uses it.
  await tx.query(sql`lock table only ${table(targetName(run.table))} in access exclusive mode`)
  await tx.query(sql`lock table only ${table(run.table)} in access exclusive mode`)
  const lockedAt = performance.now()
  await assertNoOldSnapshots(tx, run)
  if ((await readDefinitionMark(tx, run)) !== mark) await assertUnchanged(tx, run)
  await assertHeapUnchanged(tx, run)
  const replayed = await replayTheRest(tx, run)
  await tx.query(join(swapStatements(run, blueprint), ";\n"))
  for (const statement of await grantStatements(tx, run)) await tx.query(statement)
  await carryIdentities(tx, run, blueprint)
  await dropDefaultCheck(tx, run)
  const legacyTable = renderTableName(legacyName(run.table))
  await saveRunFacts(tx, run.id, { legacyTable })
  await tx.query(sql`update cutover.runs set swapped_at = clock_timestamp() where id = ${run.id}`)
  return {
    lockedAt,
    facts: {
      table: renderTableName(run.table),
      legacyTable,
      legacyOid: run.sourceOid,
      newOid: run.targetOid,
      replayed,
    },
  }
}

/** The renames, and the sequences of serial columns. All are changes of the catalog; their time does not grow with rows. */
export function swapStatements(run: Run, blueprint: Blueprint): Sql[] {
  const { schema, name } = run.table
  const legacy = legacyName(run.table)
  return [
    sql`alter table ${table(run.table)} rename to ${ident(legacy.name)}`,
    sql`alter table ${table(targetName(run.table))} rename to ${ident(name)}`,
    ...blueprint.indexes.flatMap((index) => [
      sql`alter index ${ident(schema, index.name)} rename to ${ident(legacyObjectName(index.name))}`,
      sql`alter index ${ident(schema, targetObjectName(index.name))} rename to ${ident(index.name)}`,
    ]),
    ...blueprint.source.sequences
      .filter((sequence) => sequence.dependency === "a")
      .map(
        (sequence) =>
          sql`alter sequence ${ident(sequence.schema, sequence.name)} owned by ${ident(schema, name, sequence.column)}`,
      ),
  ]
}

/** The last changes, under the lock; few enough that the lock is short, or the swap is tried again later. */
async function replayTheRest(tx: Queryable, run: Run): Promise<number> {
  if (run.options.writes !== "capture") return 0
  const waiting = await countChanges(tx, run, mostUnderLock + 1)
  if (waiting > mostUnderLock)
    throw new BlockedError(`waits: more than ${mostUnderLock} changes arrived on the way to the lock`)
  await heedTruncation(tx, run)
  const { keys } = await replay(tx, run, targetName(run.table))
  if ((await countStrays(tx, run, 1)) > 0)
    throw new BlockedError("waits: a row was just written that no partition takes yet")
  await dropGuard(tx, run, run.table)
  return keys
}

/** About 0.1 ms each, so that the lock is held for some tens of milliseconds at most. */
const mostUnderLock = 300

/** Where writes are refused, the heap cannot have grown either. */
async function assertHeapUnchanged(tx: Queryable, run: Run): Promise<void> {
  if (run.options.writes === "capture") return
  const { blocks } = await readOne<{ blocks: string }>(tx, heapBlocks(run.sourceOid))
  if (Number(blocks) !== run.heapBlocks)
    throw changed(run, [`the heap: ${run.heapBlocks} blocks before, ${blocks} now`])
}

/** Identity columns go on where the source's sequence stands, under the source's sequence's name. */
async function carryIdentities(tx: Queryable, run: Run, blueprint: Blueprint): Promise<void> {
  for (const old of blueprint.source.sequences.filter((sequence) => sequence.dependency === "i")) {
    const made = await readOne<{ name: string; schema: string }>(
      tx,
      sql`
      select s.relname as name, n.nspname as schema
      from pg_depend d
      join pg_class s on s.oid = d.objid and s.relkind = 'S'
      join pg_namespace n on n.oid = s.relnamespace
      join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
      where d.refobjid = ${run.targetOid} and d.deptype = 'i' and a.attname = ${old.column}
        and d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass`,
    )
    const before = ident(old.schema, old.name)
    await tx.query(
      sql`select setval(${statementText(ident(made.schema, made.name))}::regclass, last_value, is_called) from ${before}`,
    )
    await tx.query(sql`alter sequence ${before} rename to ${ident(legacyObjectName(old.name))}`)
    await tx.query(sql`alter sequence ${ident(made.schema, made.name)} rename to ${ident(old.name)}`)
  }
}

/** While months were attached, this CHECK spared a scan of the default partition for each; now it would only refuse rows. */
async function dropDefaultCheck(tx: Queryable, run: Run): Promise<void> {
  const { rows } = await tx.query<{ schema: string; name: string }>(sql`
    select n.nspname as schema, c.relname as name
    from pg_partitioned_table p
    join pg_class c on c.oid = p.partdefid
    join pg_namespace n on n.oid = c.relnamespace
    where p.partrelid = ${run.targetOid}`)
  for (const row of rows) {
    await tx.query(sql`alter table ${ident(row.schema, row.name)} drop constraint if exists ${ident(boundsCheck)}`)
  }
}
