import { renderTableName } from "../../domain/tableName.ts"
import { CutoverError } from "../../errors/CutoverError.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { describeTable } from "../../postgres/catalog/describeTable.ts"
import type { Run } from "../../store/runs.ts"
import type { Check } from "../preflight/Check.ts"
import { checkDependents } from "../preflight/table/checkDependents.ts"
import { checkIncomingKeys } from "../preflight/table/checkIncomingKeys.ts"
import { checkMaterializedViews } from "../preflight/table/checkMaterializedViews.ts"
import { checkPublications } from "../preflight/table/checkPublications.ts"
import { checkRowType } from "../preflight/table/checkRowType.ts"
import { checkWhole } from "../preflight/table/checkWhole.ts"
import { sourceGone } from "../source/assertUnchanged.ts"

const checks: readonly Check[] = [
  checkWhole,
  checkDependents,
  checkMaterializedViews,
  checkIncomingKeys,
  checkRowType,
  checkPublications,
]

/** Halts when something was hung on the table since the launch that a launch would have refused. */
export async function assertStillCarried(tx: Queryable, run: Run): Promise<void> {
  const source = await describeTable(tx, run.sourceOid)
  if (source === undefined) throw sourceGone(run)
  const context = { db: tx, table: run.table, source, key: run.key, options: run.options }
  for (const check of checks) {
    const found = (await check(context)).find((finding) => finding.level === "block")
    if (found === undefined) continue
    throw new CutoverError("CUTOVER_SOURCE_CHANGED", {
      message: `Since the launch something was added that cannot follow: ${found.message}`,
      state: `The swap was not made; the application still uses ${renderTableName(run.table)}, which is complete.`,
      hint: `${found.hint} Then: cutover resume ${run.id}`,
      details: { code: found.code },
    })
  }
}
