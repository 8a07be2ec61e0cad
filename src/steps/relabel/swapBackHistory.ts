import { historyName } from "../../domain/derivedNames.ts"
import { type TableName, renderTableName } from "../../domain/tableName.ts"
import { CutoverError } from "../../errors/CutoverError.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { findNameOf } from "../../postgres/catalog/findRelation.ts"
import { sqlState } from "../../postgres/classify.ts"
import { ident, join, literal, sql, table } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import { assertNoOldSnapshots } from "../locks/oldSnapshots.ts"
import { BlockedError } from "../locks/unlessBlocked.ts"
import { requireBlueprint } from "../requireBlueprint.ts"
import { lockStatements } from "../swap/belongings/incomingKeys.ts"
import { readIncomingKeys } from "../source/readIncomingKeys.ts"
import { markOf } from "../swap/belongings/marks.ts"
import { readExchangeStatements, swapBackOf } from "../swap/exchange.ts"
import type { Swapped } from "../swap/swap.ts"
import { readTargetPartitions } from "../targetPartitions.ts"
import { relabelBelongings } from "./belongings.ts"
import { findKeyIndex } from "./keyIndexes.ts"
import { requireBoundary } from "./layOut.ts"
import { extendedKey, oldKeyName } from "./relabels.ts"

/** So many rows are inserted in about a tenth of a second, which is what a client may be made to wait. */
const mostMoved = 10_000

/**
 * The table gets its name back, with the rows that came past the boundary since. Inside the caller's transaction, which has set
 * the lock timeout. Throws `BlockedError` when the moment is not right.
 */
export async function swapBackHistory(tx: Queryable, run: Run): Promise<Swapped> {
  await assertReturnable(tx, run)
  await assertFew(tx, run)
  const exchange = swapBackOf(run, await readTargetPartitions(tx, run))
  const incoming = await readIncomingKeys(tx, run.targetOid ?? 0, run.key.column)
  const marks = sql`select ${markOf(exchange, relabelBelongings)} as mark`
  const { mark } = await readOne<{ mark: string }>(tx, marks)
  const statements = await readExchangeStatements(tx, exchange, relabelBelongings)

  for (const statement of lockStatements(incoming)) await tx.query(statement)
  // ACCESS EXCLUSIVE on the table and on its partitions too, for writers may name those.
  await tx.query(sql`lock table ${table(run.table)} in access exclusive mode`)
  const lockedAt = performance.now()
  if ((await readOne<{ mark: string }>(tx, marks)).mark !== mark)
    throw new BlockedError("waits: what hangs on the table was just changed")
  const moved = await assertFew(tx, run)
  if (moved > 0) await assertNoOldSnapshots(tx, run)
  try {
    await tx.query(join(statements, ";\n"))
  } catch (error) {
    throw sqlState(error) === "23505" ? doesNotFit(run, error) : error
  }
  return { lockedAt, facts: { table: renderTableName(run.table), moved } }
}

/** What the way back is made of must still be there. */
async function assertReturnable(tx: Queryable, run: Run): Promise<void> {
  const name = await findNameOf(tx, run.sourceOid)
  const wanted = historyName(run.table)
  const attached = (await readTargetPartitions(tx, run)).some((one) => one.oid === run.sourceOid)
  if (name?.name !== wanted.name || name.schema !== wanted.schema || !attached)
    throw noWayBack(run, `${renderTableName(wanted)} is not its partition any more`)
  const key = extendedKey(requireBlueprint(run).source, run.key.column)
  if (key === undefined || (await findKeyIndex(tx, run, oldKeyName(key.name)))?.isValid === true) return
  throw noWayBack(run, `the index ${oldKeyName(key.name)}, which is to be its primary key again, is gone`)
}

/** Rows past the boundary are put into the history under the lock; returns how many there are. */
async function assertFew(tx: Queryable, run: Run): Promise<number> {
  const key = ident(run.key.column)
  const edge = sql`${literal(requireBoundary(run).edge)}::${ident("pg_catalog", run.key.type)}`
  const { ahead } = await readOne<{ ahead: number }>(
    tx,
    sql`
    select count(*)::int as ahead
    from (select from ${table(run.table)} where ${key} >= ${edge} or ${key} is null limit ${mostMoved + 1}) as past`,
  )
  if (ahead <= mostMoved) return ahead
  throw new CutoverError("CUTOVER_ROLLBACK_AHEAD", {
    message: `More than ${mostMoved} rows of ${renderTableName(run.table)} are past ${requireBoundary(run).edge}, where its history ends; to move them back would hold the lock for too long.`,
    state: "Nothing was swapped; the run goes on as it was.",
    hint: "In a maintenance window, move them by hand: detach the months, insert their rows into the history, and drop them; or stay with the partitioned table.",
    details: { atLeast: ahead, boundary: requireBoundary(run).edge },
  })
}

function noWayBack(run: Run, why: string): CutoverError {
  return new CutoverError("CUTOVER_NO_WAY_BACK", {
    message: `Run ${run.id} of ${renderTableName(run.table)} cannot be rolled back: ${why}.`,
    state: "Nothing was swapped; the run goes on as it was.",
    hint: `All rows are in ${renderTableName(run.table)}, which stays partitioned.`,
  })
}

function doesNotFit(run: Run, error: unknown): CutoverError {
  const detail =
    error instanceof Error && "detail" in error && typeof error.detail === "string" ? ` ${error.detail}` : ""
  const history: TableName = historyName(run.table)
  return new CutoverError("CUTOVER_ROLLBACK_UNHELD", {
    message: `A row of ${renderTableName(run.table)} does not fit into ${renderTableName(history)}, whose keys are stricter.${detail}`,
    state: "Nothing was swapped; the run goes on as it was.",
    hint: "Another row has the same key; delete or change one of the two, and roll back again.",
  })
}
