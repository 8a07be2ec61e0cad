import { CutoverError } from "../../errors/CutoverError.ts"
import { renderTableName } from "../../domain/tableName.ts"
import { sqlState } from "../../postgres/classify.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { liftStatementTimeout } from "../../postgres/sessionSettings.ts"
import { type Sql, ident, sql, table } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import type { RunStep } from "../Step.ts"
import { unlessBlocked } from "../locks/unlessBlocked.ts"
import { boundsCheck } from "../partitionTable.ts"
import { requireBlueprint } from "../requireBlueprint.ts"
import { assertUnchanged } from "../source/assertUnchanged.ts"
import { renderBoundary } from "./boundary.ts"

/** Reads the table once, to know that every row belongs to the history: ATTACH and SET NOT NULL then believe it. */
export const proveHistory: RunStep = async ({ tx, run }) => {
  await assertUnchanged(tx, run)
  await liftStatementTimeout(tx)
  return await unlessBlocked(tx, run, {
    what: "reading the table once",
    oids: [run.sourceOid],
    attempt: run.tick,
    work: async () => {
      await prove(tx, run)
      return { event: { type: "survey.advanced", finished: true } }
    },
  })
}

async function prove(tx: Queryable, run: Run): Promise<void> {
  try {
    await tx.query(proofStatement(run))
  } catch (error) {
    throw sqlState(error) === "23514" ? offended(run) : error
  }
}

/** SHARE UPDATE EXCLUSIVE while the table is read: readers and writers go on. */
export function proofStatement(run: Run): Sql {
  return sql`alter table ${table(run.table)} validate constraint ${ident(boundsCheck)}`
}

function offended(run: Run): CutoverError {
  const { boundary } = requireBlueprint(run)
  const bounds = boundary === undefined ? "" : ` (${renderBoundary(run, boundary)})`
  return new CutoverError("CUTOVER_KEY_OUT_OF_BOUNDS", {
    message: `Rows of ${renderTableName(run.table)} have no ${run.key.column}, or one past the end of the history${bounds}.`,
    state:
      "No row was moved; the application still uses the table as it was, and is refused such rows until the run is aborted.",
    hint: `cutover abort ${run.id} --confirm ${renderTableName(run.table)}, correct these rows, and launch again.`,
  })
}
