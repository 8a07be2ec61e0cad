import { hostname } from "node:os"
import { renderTableName } from "../domain/tableName.ts"
import { CutoverError, nothingChanged } from "../errors/CutoverError.ts"
import { exitCodes } from "../errors/codes.ts"
import { isRunning } from "../embedded/processState.ts"
import type { Services } from "../runtime/Services.ts"
import { acrossBreaks } from "../runtime/acrossBreaks.ts"
import type { Run } from "../store/runs.ts"
import { type WorkerRow, readLiveWorkers } from "../store/workers.ts"
import { commandLine } from "./commandLine.ts"
import { type Context, say } from "./context.ts"
import { workInForeground } from "./foreground.ts"
import { printStatus } from "./printStatus.ts"
import { reportLeft } from "./reportLeft.ts"

/**
 * The workers that work a run now. Right after a kill, a worker of this host can still look alive to the server for a
 * moment; the process table knows better.
 */
export async function readWorkersOf(services: Services, run: Run): Promise<WorkerRow[]> {
  const workers = await acrossBreaks(services, () => readLiveWorkers(services.database, run.id))
  return workers.filter((worker) => worker.host !== hostname() || isRunning(worker.pid))
}

/** Works a run here until there is nothing to do now, unless that is left to workers; says how it went. */
export async function takeUp(
  context: Context,
  services: Services,
  run: Run,
  { detach }: { detach: boolean },
): Promise<number> {
  const workers = await readWorkersOf(services, run)
  if (detach || workers.length > 0) return await leaveToWorkers(context, services, run, workers)
  return reportLeft(context, run, await workInForeground(context, services, run))
}

/** Refuses to start a second time what somebody works already. */
export async function assertNobodyWorks(services: Services, run: Run): Promise<void> {
  const workers = await readWorkersOf(services, run)
  if (workers.length === 0) return
  throw new CutoverError("CUTOVER_RUN_BUSY", {
    message: `Run ${run.id} of ${renderTableName(run.table)} is ${run.control} already; ${namesOf(workers)} works it.`,
    state: nothingChanged,
    hint: `Watch it: cutover status ${run.id} --watch`,
    details: { run: run.id, workers: workers.map(({ host, pid, actor }) => ({ host, pid, actor })) },
  })
}

async function leaveToWorkers(
  context: Context,
  services: Services,
  run: Run,
  workers: readonly WorkerRow[],
): Promise<number> {
  if (workers.length > 0) say(context, `It is worked by ${namesOf(workers)}.`)
  else say(context, `No worker is alive, so nothing happens yet. Start one: ${commandLine(context, "worker")}`)
  await printStatus(context, services, run.id)
  return exitCodes.done
}

function namesOf(workers: readonly WorkerRow[]): string {
  const names = workers.map(({ host, pid, actor }) => `process ${pid} on ${host} (${actor})`)
  return new Intl.ListFormat("en").format(names)
}
