import { renderTableName } from "../../domain/tableName.ts"
import { CutoverError, nothingChanged } from "../../errors/CutoverError.ts"
import { readOne } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"
import { dropLegacy } from "../../steps/cleanup/dropLegacy.ts"
import { ended } from "../../steps/relabel/endRun.ts"
import { relabels } from "../../steps/relabel/relabels.ts"
import type { Run } from "../../store/runs.ts"
import type { Services } from "../Services.ts"
import { findEnded, lookUp } from "../acrossBreaks.ts"
import { passCommand } from "../door.ts"
import { withLockRetries } from "../withLockRetries.ts"
import { assertOpen } from "./pause.ts"
import { limitLocks } from "../../steps/locks/limitLocks.ts"

export type CleanupRequest = {
  /** Drop before the fallback window is over; wants a reason. */
  readonly beforeWindow: boolean
  readonly reason: string | null
}

/** Drops the legacy table and ends the run: after the fallback window, or before it with a reason that is logged. */
export async function cleanupNow(
  services: Services,
  runId: string,
  { beforeWindow, reason }: CleanupRequest,
): Promise<Run> {
  const dropNow = async (): Promise<Run> =>
    await withLockRetries(
      async () =>
        await passCommand(services, runId, async (tx, run) => {
          assertOpen(run, "cleaned up")
          if (run.state !== "cleanup") throw tooEarly(run)
          const { over } = await readOne<{ over: boolean }>(
            tx,
            sql`select fallback_until <= clock_timestamp() as over from cutover.runs where id = ${runId}`,
          )
          if (!over && !(beforeWindow && reason !== null)) throw windowOpen(run)
          await limitLocks(tx, run)
          const { facts } = relabels(run) ? ended(run) : await dropLegacy(tx, run)
          return { event: { type: "legacy.dropped" }, facts: { ...facts, beforeWindow: !over, reason } }
        }),
    )
  return await lookUp(dropNow, async () => await findEnded(services, runId, "done"))
}

function tooEarly(run: Run): CutoverError {
  return new CutoverError("CUTOVER_STEP_NOT_ALLOWED", {
    message: `Run ${run.id} of ${renderTableName(run.table)} is in ${run.state}; there is no legacy table to drop yet.`,
    state: nothingChanged,
    hint: `Watch it: cutover status ${run.id} --watch`,
  })
}

function windowOpen(run: Run): CutoverError {
  return new CutoverError("CUTOVER_FALLBACK_OPEN", {
    message: `The fallback window of ${renderTableName(run.table)} is open until ${run.fallbackUntil}; ${run.legacyTable} is kept until then.`,
    state: nothingChanged,
    hint: `Wait, or overrule it: cutover cleanup ${run.id} --confirm ${renderTableName(run.table)} --before-window --reason "…"`,
    details: { fallbackUntil: run.fallbackUntil },
  })
}
