import { parseTableName } from "../domain/tableName.ts"
import { isInstalled } from "../store/install.ts"
import { type Run, findLatestRun, findRunById, unknownRun } from "../store/runs.ts"
import type { Services } from "./Services.ts"
import { acrossBreaks } from "./acrossBreaks.ts"

/** The run of that id, or the latest run of the table of that name. */
export async function findRunByReference(services: Services, reference: string): Promise<Run> {
  const { database } = services
  return await acrossBreaks(services, async () => {
    if (!(await isInstalled(database))) throw unknownRun(reference)
    const run = (await findRunById(database, reference)) ?? (await findLatestRun(database, parseTableName(reference)))
    if (run === undefined) throw unknownRun(reference)
    return run
  })
}
