import type { RunOptions } from "../../config/runOptions.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { withTransaction } from "../../postgres/transaction.ts"
import { assertNothingBlocks } from "../../steps/preflight/preflight.ts"
import { appendRecord } from "../../store/log.ts"
import { type Run, lockRun, readRun, saveOptions } from "../../store/runs.ts"
import type { Services } from "../Services.ts"
import { wake } from "../Queue.ts"
import { acrossBreaks } from "../acrossBreaks.ts"
import { checkLadder } from "../ladder.ts"
import { fillLanes } from "../carryOut.ts"
import { assertOpen } from "./pause.ts"

/** Changes options of a run while it lives: they hold from the next batch on. */
export async function set(services: Services, runId: string, changes: Partial<RunOptions>): Promise<Run> {
  return await acrossBreaks(services, () => withTransaction(services.database, change))

  async function change(tx: Queryable): Promise<Run> {
    const run = await lockRun(tx, runId)
    assertOpen(run, "changed")
    const options = { ...run.options, ...changes }
    assertNothingBlocks(await checkLadder(tx, options))
    await saveOptions(tx, runId, options)
    await appendRecord(tx, { runId, kind: "run.set", actor: services.actor, data: changes })
    const changed = await readRun(tx, runId)
    if (changed.state === "copy" && changed.control === "running" && changed.strategy === "months")
      await fillLanes(services, tx, changed)
    await wake(tx)
    return changed
  }
}
