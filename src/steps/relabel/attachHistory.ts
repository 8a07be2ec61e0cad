import { historyName, targetName } from "../../domain/derivedNames.ts"
import { renderTableName } from "../../domain/tableName.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { join, literal, sql, table } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import type { RunStep } from "../Step.ts"
import { BlockedError } from "../locks/unlessBlocked.ts"
import { assertUnchanged } from "../source/assertUnchanged.ts"
import { assertStillCarried } from "../swap/assertStillCarried.ts"
import { lockStatements } from "../swap/belongings/incomingKeys.ts"
import { readIncomingKeys } from "../source/readIncomingKeys.ts"
import { markOf } from "../swap/belongings/marks.ts"
import { readExchangeStatements, swapOf } from "../swap/exchange.ts"
import { findLongTransaction } from "../swap/obstacles.ts"
import type { Swapped } from "../swap/swap.ts"
import { trySwap } from "../swap/trySwap.ts"
import { readTargetPartitions } from "../targetPartitions.ts"
import { assertProven } from "./assertProven.ts"
import { relabelBelongings } from "./belongings.ts"

/**
 * Cuts over, as `attach` does, with nothing to replay: the rows stay where they are, so a session with an old snapshot sees them too.
 */
export const attachHistory: RunStep = async ({ tx, run }) => {
  await assertUnchanged(tx, run)
  await assertProven(tx, run)
  return await trySwap(tx, run, { findObstacle: findLongTransaction, swap: exchange })
}

/** What can be asked is asked before the lock; under it there are one question and one text of statements, which read no row. */
async function exchange(tx: Queryable, run: Run): Promise<Swapped> {
  const swapping = swapOf(run, await readTargetPartitions(tx, run))
  const incoming = await readIncomingKeys(tx, run.sourceOid, run.key.column)
  const marks = sql`select ${markOf(swapping, relabelBelongings)} as mark`
  const { mark } = await readOne<{ mark: string }>(tx, marks)
  await assertStillCarried(tx, run)
  const statements = await readExchangeStatements(tx, swapping, relabelBelongings)

  for (const statement of lockStatements(incoming)) await tx.query(statement)
  // The one moment of ACCESS EXCLUSIVE on the live table. The target first: nobody but us uses it.
  await tx.query(sql`lock table only ${table(targetName(run.table))} in access exclusive mode;
    lock table only ${table(run.table)} in access exclusive mode`)
  const lockedAt = performance.now()
  if ((await readOne<{ mark: string }>(tx, marks)).mark !== mark) {
    await assertUnchanged(tx, run)
    await assertProven(tx, run)
    throw new BlockedError("waits: what hangs on the table was just changed")
  }
  await tx.query(
    join(
      [...statements, sql`update cutover.runs set swapped_at = clock_timestamp() where id = ${literal(run.id)}`],
      ";\n",
    ),
  )
  return {
    lockedAt,
    facts: {
      table: renderTableName(run.table),
      history: renderTableName(historyName(run.table)),
      historyOid: run.sourceOid,
      newOid: run.targetOid,
    },
  }
}
