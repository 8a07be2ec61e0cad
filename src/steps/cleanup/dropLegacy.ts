import { legacyName } from "../../domain/derivedNames.ts"
import { renderTableName } from "../../domain/tableName.ts"
import { CutoverError } from "../../errors/CutoverError.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { sqlState } from "../../postgres/classify.ts"
import { describeTable } from "../../postgres/catalog/describeTable.ts"
import { sql, table } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import type { RunStep } from "../Step.ts"
import { dropChangeLog } from "../changes/capture.ts"
import { dropCaptureBack } from "../changes/captureBack.ts"

/**
 * Drops the legacy table, never with CASCADE: whatever still hangs on it stops the drop and is named. With it goes the
 * way back. DROP TABLE takes ACCESS EXCLUSIVE on a table that the application does not use any more; dropping the triggers of the way
 * back takes it on the new table, for as long as the catalog change takes.
 */
export async function dropLegacy(tx: Queryable, run: Run): ReturnType<RunStep> {
  const legacy = await describeTable(tx, run.sourceOid)
  const name = legacyName(run.table)
  if (legacy !== undefined) {
    if (legacy.name !== name.name || legacy.schema !== name.schema)
      throw inUse(run, `it is called ${legacy.schema}.${legacy.name} now`)
    try {
      await tx.query(sql`drop table ${table(name)} restrict`)
    } catch (error) {
      if (sqlState(error) === "2BP01")
        throw inUse(run, error instanceof Error ? `${error.message}. ${detailOf(error)}` : "")
      throw error
    }
  }
  await dropChangeLog(tx, run)
  await dropCaptureBack(tx, run, run.table)
  return { event: { type: "legacy.dropped" }, facts: { legacyTable: renderTableName(name) } }
}

function detailOf(error: Error): string {
  return "detail" in error && typeof error.detail === "string" ? error.detail : ""
}

function inUse(run: Run, why: string): CutoverError {
  const legacy = renderTableName(legacyName(run.table))
  return new CutoverError("CUTOVER_LEGACY_IN_USE", {
    message: `${legacy} was not dropped: ${why}`,
    state: `${renderTableName(run.table)} is partitioned and in use; ${legacy} is still there.`,
    hint: `Move what depends on it, then: cutover cleanup ${run.id} --confirm ${renderTableName(run.table)}`,
  })
}
