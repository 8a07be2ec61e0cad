import { parseTableName } from "../domain/tableName.ts"
import type { Queryable } from "../postgres/Queryable.ts"
import { isInstalled } from "../store/install.ts"
import { type Run, findLatestRun, findRunById, unknownRun } from "../store/runs.ts"

/** The run of that id, or the latest run of the table of that name. */
export async function findRunByReference(db: Queryable, reference: string): Promise<Run> {
  if (!(await isInstalled(db))) throw unknownRun(reference)
  const run = (await findRunById(db, reference)) ?? (await findLatestRun(db, parseTableName(reference)))
  if (run === undefined) throw unknownRun(reference)
  return run
}
