import { setTimeout as sleep } from "node:timers/promises"
import { CutoverError } from "../../src/errors/CutoverError.ts"
import { isTransient } from "../../src/postgres/classify.ts"
import { Worker } from "../../src/runtime/Worker.ts"
import type { Status } from "../../src/domain/status.ts"
import { readStatus } from "../../src/store/status.ts"
import type { TestDatabase } from "../../test/support/database.ts"
import type { OpenServices } from "../../src/runtime/openServices.ts"
import { isServerGone } from "../../test/support/writers.ts"
import { isQuiet, launchRun, services } from "../../test/support/runs.ts"
import { findRunId } from "./lives.ts"
import { launchInput } from "./smallTable.ts"

/** How long a run may take with all that goes wrong on its way. */
const patienceMs = 120_000

/** How a run came to its end: how often somebody had to call the command again, because the database was away as it began. */
export type Through = { readonly status: Status; readonly calls: number }

/**
 * Launches a run by way of a proxy and works it with one worker, whatever breaks on the way: once the worker has begun nobody
 * helps it. `database` is the same one without the proxy. What the database says counts for the end only while `isCalm`.
 */
export async function workThrough(
  database: TestDatabase,
  proxyUrl: string,
  isCalm: () => boolean = () => true,
): Promise<Through> {
  const deadline = Date.now() + patienceMs
  for (let calls = 1; ; calls++) {
    const begun = await begin(database, proxyUrl).catch((error: unknown) => {
      if (!isToBeCalledAgain(error) || Date.now() > deadline) throw error
    })
    if (begun !== undefined) return { status: await workOn(begun, deadline, isCalm), calls }
    await sleep(100)
  }
}

/** Whoever hears this looks, as `begin` does, and calls again. */
const toBeCalledAgain = ["CUTOVER_OUTCOME_UNKNOWN", "CUTOVER_READ_ONLY"]

function isToBeCalledAgain(error: unknown): boolean {
  return isTransient(error) || (error instanceof CutoverError && toBeCalledAgain.includes(error.code))
}

/** The harness's own question meets the bare driver, whose errors of lost connections have no code. */
function unlessGone(error: unknown): never {
  throw isServerGone(error) ? Object.assign(new Error(String(error)), { code: "08006" }) : error
}

type Begun = { readonly open: OpenServices; readonly worker: Worker; readonly runId: string }

async function begin(database: TestDatabase, proxyUrl: string): Promise<Begun> {
  const open = await services({ ...database, url: proxyUrl })
  try {
    const runId = (await findRunId(database).catch(unlessGone)) ?? (await launchRun(open, launchInput)).id
    return { open, runId, worker: await Worker.start(open, { runId, lanes: 2 }) }
  } catch (error) {
    await open.close()
    throw error
  }
}

async function workOn({ open, worker, runId }: Begun, deadline: number, isCalm: () => boolean): Promise<Status> {
  try {
    for (;;) {
      const wasCalm = isCalm()
      const status = await readStatus(open.database, runId).catch(unlessTransient)
      if (wasCalm && isCalm() && status !== undefined && isQuiet(status)) return status
      if (Date.now() > deadline)
        throw new Error(`waited in vain; the run is ${JSON.stringify(status?.run)} ${JSON.stringify(status?.totals)}`)
      await sleep(25)
    }
  } finally {
    await worker.stop()
    await open.close()
  }
}

function unlessTransient(error: unknown): undefined {
  if (!isTransient(error)) throw error
}
