import { renderTableName } from "../../domain/tableName.ts"
import { CutoverError, nothingChanged } from "../../errors/CutoverError.ts"
import { dropScaffold } from "../../steps/prep/dropScaffold.ts"
import type { Run } from "../../store/runs.ts"
import type { Services } from "../Services.ts"
import { acrossBreaks, findEnded, lookUp } from "../acrossBreaks.ts"
import { passCommand } from "../door.ts"
import { assertOpen, stop } from "./pause.ts"
import { withLockRetries } from "../withLockRetries.ts"

/** Before the swap: drops all that the run made. The source is as it was, and writable again. */
export async function abort(services: Services, runId: string): Promise<Run> {
  await stop(services, runId, { reason: "it is being aborted", forMs: null }, assertAbortable)
  const aborted = await lookUp(
    async () => await withLockRetries(async () => await dropAll(services, runId)),
    async () => await findEnded(services, runId, "aborted"),
  )
  await acrossBreaks(services, () => services.queue.deleteRunQueue(runId))
  return aborted
}

async function dropAll(services: Services, runId: string): Promise<Run> {
  return await passCommand(services, runId, async (tx, run) => {
    assertAbortable(run)
    await dropScaffold(tx, run)
    return { event: { type: "aborted" } }
  })
}

function assertAbortable(run: Run): void {
  assertOpen(run, "aborted")
  if (run.swappedAt === null) return
  throw new CutoverError("CUTOVER_STEP_NOT_ALLOWED", {
    message: `${renderTableName(run.table)} was swapped at ${run.swappedAt}; abort is for the time before.`,
    state: nothingChanged,
    hint: `The legacy table is ${run.legacyTable}; end the run with: cutover cleanup ${run.id} --confirm ${renderTableName(run.table)}`,
  })
}
