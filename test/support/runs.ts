import { setTimeout as sleep } from "node:timers/promises"
import { type RunOptionsInput, runOptionsSchema } from "../../src/config/runOptions.ts"
import type { Status } from "../../src/domain/status.ts"
import { parseTableName } from "../../src/domain/tableName.ts"
import { createLogger } from "../../src/log/createLogger.ts"
import { Worker } from "../../src/runtime/Worker.ts"
import { launch } from "../../src/runtime/commands/launch.ts"
import { type OpenServices, openServices } from "../../src/runtime/openServices.ts"
import type { Run } from "../../src/store/runs.ts"
import { readStatus } from "../../src/store/status.ts"
import type { TestDatabase } from "./database.ts"

export type LaunchInput = {
  readonly table: string
  readonly by: string
  readonly options?: RunOptionsInput
  readonly isOptedIn?: boolean
}

/** Services on a test's database, closed at the end of the block. */
export async function services(database: TestDatabase): Promise<OpenServices & AsyncDisposable> {
  const open = await openServices({
    connectionString: database.url,
    role: "test",
    actor: "tester@test",
    logger: createLogger("silent"),
    supervise: true,
    connections: 8,
  })
  return { ...open, [Symbol.asyncDispose]: () => open.close() }
}

/** A worker in this process, stopped at the end of the block whatever happens in it. */
export async function worker(open: OpenServices, runId: string, lanes = 2): Promise<AsyncDisposable> {
  const started = await Worker.start(open, { runId, lanes })
  return { [Symbol.asyncDispose]: () => started.stop() }
}

/** Launches with writes refused, and small batches, so that small tables have many. */
export async function launchRun(
  open: OpenServices,
  { table, by, options = {}, isOptedIn = true }: LaunchInput,
): Promise<Run> {
  return await launch(open, {
    table: parseTableName(table),
    by,
    options: runOptionsSchema.parse({ writes: "block", batchTargetMs: 20, ...options }),
    isOptedIn,
  })
}

/** Works a run in this process until there is nothing to do now: it has ended, waits or has halted. */
export async function workUntilQuiet(open: OpenServices, runId: string): Promise<Status> {
  return await workUntil(open, runId, isQuiet)
}

/** Works a run in this process until its status is as wanted. */
export async function workUntil(
  open: OpenServices,
  runId: string,
  isWanted: (status: Status) => boolean,
): Promise<Status> {
  await using _ = await worker(open, runId)
  return await waitForStatus(open, runId, isWanted)
}

export async function launchAndWork(open: OpenServices, input: LaunchInput): Promise<Status> {
  const run = await launchRun(open, input)
  return await workUntilQuiet(open, run.id)
}

export function isQuiet(status: Status): boolean {
  const { state, control, finishedAt } = status.run
  return finishedAt !== null || control === "halted" || (state === "cleanup" && control === "waiting")
}

/** A look costs the server as much as a small batch; eight tests that looked all the time would keep a core busy by it. */
const lookEveryMs = 75

/** Asks until the status is as wanted; gives up before a test does, or after `patienceMs`, with what it saw last. */
export async function waitForStatus(
  open: OpenServices,
  runId: string,
  isWanted: (status: Status) => boolean,
  patienceMs = 150_000,
): Promise<Status> {
  const deadline = Date.now() + patienceMs
  for (;;) {
    const status = await readStatus(open.database, runId)
    if (isWanted(status)) return status
    if (Date.now() > deadline)
      throw new Error(`waited in vain; the run is ${JSON.stringify(status.run)} ${JSON.stringify(status.totals)}`)
    await sleep(lookEveryMs)
  }
}
