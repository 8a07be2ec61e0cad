import { renderTableName } from "../../domain/tableName.ts"
import { CutoverError, nothingChanged } from "../../errors/CutoverError.ts"
import { canAdvance } from "../../machine/advance.ts"
import { sql } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import type { Services } from "../Services.ts"
import { passCommand } from "../door.ts"
import { assertOpen } from "./pause.ts"

/** Opens the gate of a run that was launched with `--attach=manual`; it swaps when it is ready. */
export async function openGate(services: Services, runId: string): Promise<Run> {
  return await passCommand(services, runId, async (tx, run) => {
    assertOpen(run, "attached")
    if (run.swappedAt !== null) throw swappedAlready(run)
    await tx.query(
      sql`update cutover.runs set gate_opened_at = coalesce(gate_opened_at, clock_timestamp()) where id = ${runId}`,
    )
    // A second opening would send a second job to swap.
    if (run.gateOpened) return undefined
    return canAdvance(run.stored, { type: "gate.opened" }) ? { event: { type: "gate.opened" } } : undefined
  })
}

function swappedAlready(run: Run): CutoverError {
  return new CutoverError("CUTOVER_STEP_NOT_ALLOWED", {
    message: `${renderTableName(run.table)} is attached already, since ${run.swappedAt}.`,
    state: nothingChanged,
    hint: `See where the run is: cutover status ${run.id}`,
  })
}
