import { legacyName } from "../../domain/derivedNames.ts"
import { renderTableName } from "../../domain/tableName.ts"
import { CutoverError } from "../../errors/CutoverError.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { sqlState } from "../../postgres/classify.ts"
import { describeTable } from "../../postgres/catalog/describeTable.ts"
import { sql, table } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import type { RunStep } from "../Step.ts"
import { dropChangeLog } from "../changes/changeLog.ts"
import { dropGuard } from "../prep/guardWrites.ts"
import { unlessBlocked } from "../locks/unlessBlocked.ts"

/** What the end of the fallback window brings: the legacy table is dropped, or kept until a person says so. */
export const cleanup: RunStep = async ({ tx, run }) => {
  const { leftMs } = await readOne<{ leftMs: number }>(
    tx,
    sql`
    select greatest(0, extract(epoch from fallback_until - clock_timestamp()) * 1000)::float8 as "leftMs"
    from cutover.runs where id = ${run.id}`,
  )
  const legacy = renderTableName(legacyName(run.table))
  const confirm = `cutover cleanup ${run.id} --confirm ${renderTableName(run.table)}`
  // A job may come early: it was sent by another clock than the database's.
  if (leftMs > 0)
    return { event: { type: "blocked", reason: `the fallback window is open; ${legacy} is kept`, retryMs: leftMs } }
  if (run.options.dropLegacy === "manual") {
    return { event: { type: "held", reason: `the fallback window is over; drop ${legacy} with: ${confirm}` } }
  }
  const work = async (): ReturnType<RunStep> => await dropLegacy(tx, run)
  return await unlessBlocked(tx, run, { what: `dropping ${legacy}`, oids: [run.sourceOid], attempt: run.tick, work })
}

/**
 * Drops the legacy table, never with CASCADE: whatever still hangs on it stops the drop and is named.
 * DROP TABLE takes ACCESS EXCLUSIVE on a table that the application does not use any more.
 */
export async function dropLegacy(tx: Queryable, run: Run): ReturnType<RunStep> {
  const legacy = await describeTable(tx, run.sourceOid)
  const name = legacyName(run.table)
  if (legacy !== undefined) {
    if (legacy.name !== name.name || legacy.schema !== name.schema)
      throw inUse(run, `it is called ${legacy.schema}.${legacy.name} now`)
    await dropGuard(tx, run, name)
    await dropChangeLog(tx, run)
    try {
      await tx.query(sql`drop table ${table(name)} restrict`)
    } catch (error) {
      if (sqlState(error) === "2BP01")
        throw inUse(run, error instanceof Error ? `${error.message}. ${detailOf(error)}` : "")
      throw error
    }
  }
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
