import { legacyName, targetName } from "../../domain/derivedNames.ts"
import { renderTableName } from "../../domain/tableName.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, literal, prepared, sql, table } from "../../postgres/sql.ts"
import { changeLogOf } from "../../store/changeLog.ts"
import type { Run } from "../../store/runs.ts"
import { followsBack, missingCapturesBack, noteFollowed } from "../changes/captureBack.ts"
import { logKey } from "../changes/logColumns.ts"
import { takenByPartition } from "../changes/strays.ts"
import {
  byIndex,
  deleteTakenStatement,
  insertTakenStatement,
  takeStatement,
  takenKeys,
  takenKeysStatement,
} from "../changes/takenKeys.ts"
import { makePast } from "../split/past.ts"
import { lockWhole } from "../split/lockWhole.ts"
import { BlockedError } from "../locks/unlessBlocked.ts"
import { boundsCheck } from "../partitionTable.ts"
import { dropGuardStatements, heapBlocks } from "../prep/guardWrites.ts"
import { assertUnchanged, changed } from "../source/assertUnchanged.ts"
import { assertStillCarried } from "./assertStillCarried.ts"
import { belongingsOf } from "./belongings/belongings.ts"
import { lockStatements } from "./belongings/incomingKeys.ts"
import { readIncomingKeys } from "../source/readIncomingKeys.ts"
import { markOf } from "./belongings/marks.ts"
import { readTargetPartitions } from "../targetPartitions.ts"
import { type Exchange, readExchangeStatements, swapOf } from "./exchange.ts"
import { assertNoOldSnapshots } from "../locks/oldSnapshots.ts"

export type Swapped = { readonly lockedAt: number; readonly facts: Readonly<Record<string, unknown>> }

/**
 * The swap, inside the caller's transaction, which has set the lock timeout. Everything that can be asked or written
 * before the lock is: under it there are two questions and one text of statements. Readers and writers that wait for
 * the lock resolve the name again and find the new table.
 */
export async function swap(tx: Queryable, run: Run): Promise<Swapped> {
  await assertUnchanged(tx, run)
  await makePast(tx, run)
  const exchange = swapOf(run, await readTargetPartitions(tx, run))
  const incoming = await readIncomingKeys(tx, run.sourceOid, run.key.column)
  const marks = sql`select ${markOf(exchange, belongingsOf(run))} as mark`
  const { mark } = await readOne<{ mark: string }>(tx, marks)
  await assertStillCarried(tx, run)
  const look = await lookStatement(tx, run, marks)
  const statements = await swapStatements(tx, exchange)
  await tx.query(byIndex("off"))
  const last = await lastChanges(tx, run)
  if (last.length > 0) await tx.query(takenKeysStatement(run))
  for (const statement of last) await tx.query(statement)
  await assertQuick(tx, look)
  if (followsBack(run)) {
    const missing = await missingCapturesBack(tx, run, targetName(run.table))
    if (missing.length > 0) await tx.query(join(missing, ";\n"))
    await noteFollowed(tx, run)
  }

  for (const statement of lockStatements(incoming)) await tx.query(statement)
  await lockWhole(tx, run)
  // The one moment of ACCESS EXCLUSIVE on the live table. The target first: nobody but us uses it.
  await tx.query(sql`lock table only ${table(targetName(run.table))} in access exclusive mode;
    lock table only ${table(run.table)} in access exclusive mode`)
  const lockedAt = performance.now()
  await assertNoOldSnapshots(tx, run)
  const seen = await readOne<Seen>(tx, look)
  // The whole definition was compared before the lock; the mark tells whether that still holds.
  if (seen.mark !== mark) {
    await assertUnchanged(tx, run)
    throw new BlockedError("waits: what hangs on the table was just changed")
  }
  assertReady(run, seen)
  if (seen.waiting > 0) for (const statement of last) await tx.query(statement)
  await tx.query(join(statements, ";\n"))
  await tx.query(byIndex("on"))
  return {
    lockedAt,
    facts: {
      table: renderTableName(run.table),
      legacyTable: renderTableName(legacyName(run.table)),
      legacyOid: run.sourceOid,
      newOid: run.targetOid,
      replayed: seen.waiting,
    },
  }
}

/** All that is done under the lock, after the last changes: the exchange. None has parameters. */
async function swapStatements(tx: Queryable, exchange: Exchange): Promise<Sql[]> {
  const { run } = exchange
  return [
    ...dropGuardStatements(run, run.table),
    ...(await dropDefaultCheckStatements(tx, run)),
    ...(await readExchangeStatements(tx, exchange, belongingsOf(run))),
    sql`update cutover.runs
      set legacy_table = ${literal(renderTableName(legacyName(run.table)))}, swapped_at = clock_timestamp()
      where id = ${literal(run.id)}`,
  ]
}

/**
 * Replays what is in the log, which under the lock is all there will be. Prepared, because planning them for a table of
 * many partitions takes longer than running them; run once before the lock, so that they are planned by then.
 */
async function lastChanges(tx: Queryable, run: Run): Promise<Sql[]> {
  if (run.options.writes !== "capture") return []
  const target = targetName(run.table)
  const statements = [
    takeStatement(run, changeLogOf(run), sql`(${await takenByPartition(tx, run, ident("cutover_log", logKey(run)))})`),
    deleteTakenStatement(run, target),
    insertTakenStatement(run, sql`only ${table(run.table)}`, target),
    sql`delete from ${takenKeys(run)}`,
  ]
  return statements.map(prepared)
}

/** A few milliseconds' worth, so that the lock is short. */
const mostUnderLock = 300

/** Under the lock the log is read once or twice; longer than this, everybody would notice. */
const mostLookMs = 100

type Seen = {
  readonly mark: string
  readonly waiting: number
  readonly truncated: boolean
  readonly strays: boolean
  readonly blocks: string
}

/** One question under the lock: is all as it was, and how much is left to do? */
async function lookStatement(tx: Queryable, run: Run, marks: Sql): Promise<Sql> {
  const blocks = heapBlocks(run.sourceOid)
  if (run.options.writes !== "capture")
    return sql`select (${marks}) as mark, 0 as waiting, false as truncated, false as strays, (${blocks}) as blocks`
  const log = table(changeLogOf(run))
  const taken = await takenByPartition(tx, run, ident("cutover_changes", logKey(run)))
  return sql`
    select (${marks}) as mark,
           (select count(*)::int from (select from ${log} limit ${mostUnderLock + 1}) as pending) as waiting,
           exists (select from cutover.truncations where run_id = ${run.id}) as truncated,
           exists (select from ${log} as cutover_changes where (${taken}) is not true) as strays,
           (${blocks}) as blocks`
}

/** What is slow to read before the lock is slow under it: a log whose old entries nobody could vacuum away yet. */
async function assertQuick(tx: Queryable, look: Sql): Promise<void> {
  const startedAt = performance.now()
  await tx.query(look)
  const tookMs = Math.round(performance.now() - startedAt)
  if (tookMs > mostLookMs)
    throw new BlockedError(`waits: reading the change log takes ${tookMs} ms until its old entries are vacuumed away`)
}

function assertReady(run: Run, { waiting, truncated, strays, blocks }: Seen): void {
  // Where writes are refused, the heap cannot have grown either.
  if (run.options.writes !== "capture" && Number(blocks) !== run.heapBlocks)
    throw changed(run, [`the heap: ${run.heapBlocks} blocks before, ${blocks} now`])
  if (waiting > mostUnderLock)
    throw new BlockedError(`waits: more than ${mostUnderLock} changes arrived on the way to the lock`)
  if (truncated) throw new BlockedError("waits: the table was just truncated")
  if (strays) throw new BlockedError("waits: a row was just written that no partition takes yet")
}

/** While months were attached, this CHECK spared a scan of the default partition for each; now it would only refuse rows. */
async function dropDefaultCheckStatements(tx: Queryable, run: Run): Promise<Sql[]> {
  const { rows } = await tx.query<{ schema: string; name: string }>(sql`
    select n.nspname as schema, c.relname as name
    from pg_partitioned_table p
    join pg_class c on c.oid = p.partdefid
    join pg_namespace n on n.oid = c.relnamespace
    where p.partrelid = ${run.targetOid}`)
  return rows.map(
    (row) => sql`alter table ${ident(row.schema, row.name)} drop constraint if exists ${ident(boundsCheck)}`,
  )
}
