import { renderTableName } from "../../domain/tableName.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { join, sql, table } from "../../postgres/sql.ts"
import { countKeys, reverseLogOf } from "../../store/changeLog.ts"
import type { Run } from "../../store/runs.ts"
import { hasPartitionChanges } from "../changes/heedPartitions.ts"
import { countUnheld, replayBack } from "../changes/replayBack.ts"
import { assertLegacyCanFollow } from "../changes/follow.ts"
import { assertLegacyFits } from "../split/legacy.ts"
import { lockWhole } from "../split/lockWhole.ts"
import { BlockedError } from "../locks/unlessBlocked.ts"
import { belongingsOf } from "./belongings/belongings.ts"
import { lockStatements } from "./belongings/incomingKeys.ts"
import { readIncomingKeys } from "../source/readIncomingKeys.ts"
import { markOf } from "./belongings/marks.ts"
import { readTargetPartitions } from "../targetPartitions.ts"
import { readExchangeStatements, swapBackOf } from "./exchange.ts"
import { assertNoOldSnapshots } from "../locks/oldSnapshots.ts"
import type { Swapped } from "./swap.ts"

/** A few milliseconds' worth, so that the lock is short. */
const mostUnderLock = 300

/**
 * The second swap: the legacy table gets its name back, and with it every write made since the first. Inside the caller's
 * transaction, which has set the lock timeout. Throws `BlockedError` when the moment is not right.
 */
export async function swapBack(tx: Queryable, run: Run): Promise<Swapped> {
  await assertLegacyCanFollow(tx, run)
  await assertLegacyFits(tx, run)
  const exchange = swapBackOf(run, await readTargetPartitions(tx, run))
  const incoming = await readIncomingKeys(tx, run.targetOid ?? 0, run.key.column)
  const marks = sql`select ${markOf(exchange, belongingsOf(run))} as mark`
  const { mark } = await readOne<{ mark: string }>(tx, marks)
  const statements = await readExchangeStatements(tx, exchange, belongingsOf(run))
  const log = reverseLogOf(run)

  for (const statement of lockStatements(incoming)) await tx.query(statement)
  await lockWhole(tx, run)
  // ACCESS EXCLUSIVE on the table and on its partitions too, for writers may name those.
  await tx.query(sql`lock table ${table(run.table)} in access exclusive mode`)
  const lockedAt = performance.now()
  await assertNoOldSnapshots(tx, run)
  if ((await readOne<{ mark: string }>(tx, marks)).mark !== mark)
    throw new BlockedError("waits: what hangs on the table was just changed")
  const waiting = await countKeys(tx, log, mostUnderLock + 1)
  if (waiting > mostUnderLock)
    throw new BlockedError(`waits: more than ${mostUnderLock} changes arrived on the way to the lock`)
  if (await hasPartitionChanges(tx, run)) throw new BlockedError("waits: partitions were just changed")
  await replayBack(tx, run, mostUnderLock)
  if ((await countUnheld(tx, run)) > 0) throw new BlockedError("waits: a row was just written that does not fit")
  await tx.query(join(statements, ";\n"))
  await tx.query(sql`update cutover.runs set legacy_table = null where id = ${run.id}`)
  return { lockedAt, facts: { table: renderTableName(run.table), replayed: waiting } }
}
