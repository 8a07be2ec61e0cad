import { setTimeout as sleep } from "node:timers/promises"
import { isTransient } from "../../src/postgres/classify.ts"
import { Worker } from "../../src/runtime/Worker.ts"
import type { Status } from "../../src/domain/status.ts"
import { readStatus } from "../../src/store/status.ts"
import type { TestDatabase } from "../../test/support/database.ts"
import { isQuiet, launchRun, services } from "../../test/support/runs.ts"
import { findRunId } from "./lives.ts"
import { launchInput } from "./smallTable.ts"

/** How long a run may take with all that goes wrong on its way. */
const patienceMs = 120_000

/** How a run came to its end: how often somebody had to call the command again, because the database was away as it began. */
export type Through = { readonly status: Status; readonly calls: number }

/**
 * Launches a run by way of a proxy and works it with one worker, whatever breaks on the way: once the worker has begun nobody
 * helps it. `database` is the same one without the proxy.
 */
export async function workThrough(database: TestDatabase, proxyUrl: string): Promise<Through> {
  const deadline = Date.now() + patienceMs
  for (let calls = 1; ; calls++) {
    try {
      return { status: await call(database, proxyUrl, deadline), calls }
    } catch (error) {
      if (!isTransient(error) || Date.now() > deadline) throw error
      await sleep(100)
    }
  }
}

async function call(database: TestDatabase, proxyUrl: string, deadline: number): Promise<Status> {
  const open = await services({ ...database, url: proxyUrl })
  try {
    const runId = (await findRunId(database)) ?? (await launchRun(open, launchInput)).id
    const worker = await Worker.start(open, { runId, lanes: 2 })
    try {
      for (;;) {
        const status = await readStatus(open.database, runId).catch(unlessTransient)
        if (status !== undefined && isQuiet(status)) return status
        if (Date.now() > deadline)
          throw new Error(`waited in vain; the run is ${JSON.stringify(status?.run)} ${JSON.stringify(status?.totals)}`)
        await sleep(25)
      }
    } finally {
      await worker.stop()
    }
  } finally {
    await open.close()
  }
}

function unlessTransient(error: unknown): undefined {
  if (!isTransient(error)) throw error
}
