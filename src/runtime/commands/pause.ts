import { setTimeout as sleep } from "node:timers/promises"
import { renderTableName } from "../../domain/tableName.ts"
import { CutoverError, nothingChanged } from "../../errors/CutoverError.ts"
import { lockKey, takeTransactionLock } from "../../postgres/advisoryLock.ts"
import { classify } from "../../postgres/classify.ts"
import { withTransaction } from "../../postgres/transaction.ts"
import { type Run, readRun } from "../../store/runs.ts"
import type { Services } from "../Services.ts"
import { acrossBreaks } from "../acrossBreaks.ts"
import { passCommand } from "../door.ts"

export type PauseRequest = {
  readonly reason: string | null
  /** Resume by itself after this long; null for never. */
  readonly forMs: number | null
}

/** Lets no new batch begin, and returns when none is under way any more. Pausing a stopped run changes nothing. */
export async function pause(services: Services, runId: string, request: PauseRequest): Promise<Run> {
  await stop(services, runId, request)
  return await acrossBreaks(services, () => readRun(services.database, runId))
}

/**
 * The same, for who has more to do with the run: `assertMay` throws, under the run's lock, where that is not possible any more, and then
 * the run goes on. Says whether it was running until now.
 */
export async function stop(
  services: Services,
  runId: string,
  { reason, forMs }: PauseRequest,
  assertMay: (run: Run) => void | Promise<void> = (run) => assertOpen(run, "paused"),
): Promise<boolean> {
  let isOurs = false
  await passCommand(services, runId, async (tx, run) => {
    isOurs = false
    await assertMay(run)
    if (run.control === "paused" || run.control === "halted") return undefined
    if (forMs !== null) {
      await services.queue.send(
        tx,
        { runId, task: "resume", partitionId: null, epoch: run.epoch, tick: run.tick },
        forMs,
      )
    }
    isOurs = true
    return { event: { type: "pause", reason: reason ?? `asked for by ${services.actor}` } }
  })
  await waitUntilIdle(services, runId)
  return isOurs
}

/**
 * Every job holds the run's lock, shared, as long as its transaction lasts; who gets it exclusively knows that none
 * does. A dead worker's share ends with its session.
 */
export async function waitUntilIdle(services: Services, runId: string): Promise<void> {
  for (;;) {
    try {
      await acrossBreaks(services, () =>
        withTransaction(services.database, async (tx) => await takeTransactionLock(tx, lockKey("run", runId))),
      )
      return
    } catch (error) {
      if (classify(error) !== "contention") throw error
      await sleep(100)
    }
  }
}

export function assertOpen(run: Run, participle: string): void {
  if (run.finishedAt === null) return
  throw new CutoverError("CUTOVER_STEP_NOT_ALLOWED", {
    message: `Run ${run.id} of ${renderTableName(run.table)} is ${run.state}, and cannot be ${participle} any more.`,
    state: nothingChanged,
    hint: `See what it did: cutover status ${run.id}`,
    details: { run: run.id, state: run.state },
  })
}
