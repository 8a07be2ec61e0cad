import { setTimeout as sleep } from "node:timers/promises"
import { lockKey } from "../../src/postgres/advisoryLock.ts"
import { Worker } from "../../src/runtime/Worker.ts"
import { type TestDatabase, type TestServer, createDatabase } from "../../test/support/database.ts"
import { randomOf } from "../../test/support/random.ts"
import { isQuiet, launchRun, services, waitForStatus, worker } from "../../test/support/runs.ts"
import type { Statement } from "../../test/support/wire/Statement.ts"
import { FaultProxy } from "../../test/support/wire/faultProxy.ts"
import type { Round, Scenario } from "../Scenario.ts"
import { claimsJob, isInJob } from "../faults/Injection.ts"
import { judgeRun } from "../faults/judgeRun.ts"
import { recordingOf } from "../faults/recording.ts"
import { createSmallTable, launchInput, startSlowWriters } from "../faults/smallTable.ts"

/** How long after the death of its worker, or after the start of the next one where there was none, a job is in other hands. */
const mostTakenMs = 1_000

/** Of the statements within its jobs, so many may be let pass first: of a run that another one works too it sees but a part. */
const mostPassed = { alone: 400, shared: 100 }

/** A worker dies amid a job, and another takes that job over: one that lives already, or one that is started then. */
export const takeOver: Scenario = {
  id: "A3",
  name: "takeOver",
  says: "a worker dies amid a job; one that lives already, or is started then, has the job within a second",
  seeds: { quick: 4, usual: 10, full: 50 },
  isDurable: false,
  run: async (server, seed) => await runTakeOver(server, seed),
}

async function runTakeOver(server: TestServer, seed: number): Promise<Round> {
  const recording = await recordingOf(server)
  await using database = await createDatabase("takeover", server.url)
  await createSmallTable(database)
  await using writers = await startSlowWriters(database, seed)
  const takenMs = await killAndTakeOver(database, seed)
  const round = await judgeRun(database, {
    writers,
    recording,
    counts: { jobs: takenMs === undefined ? 0 : 1 },
    failures: (takenMs ?? 0) < mostTakenMs ? [] : [`the job was in other hands after ${Math.round(takenMs ?? 0)} ms`],
  })
  if (takenMs === undefined) return round
  return { ...round, ms: { ...round.ms, [isHeirThere(seed) ? "takenByLive" : "takenByNew"]: takenMs } }
}

function isHeirThere(seed: number): boolean {
  return seed % 2 === 0
}

/** Works a whole run; returns how long it took for the job of the dead worker to be in other hands, if it left one. */
async function killAndTakeOver(database: TestDatabase, seed: number): Promise<number | undefined> {
  await using proxy = await FaultProxy.start(database.url)
  await using open = await services(database)
  const run = await launchRun(open, launchInput)
  await using heirs = new AsyncDisposableStack()
  const hire = async (): Promise<void> => {
    heirs.use(await worker(open, run.id))
  }
  const most = isHeirThere(seed) ? mostPassed.shared : mostPassed.alone
  const death = dieAmidJob(proxy, {
    passed: Math.floor(randomOf(String(seed)).random() * most),
    // Who came before would have done all before the mortal had a job.
    first: isHeirThere(seed) ? hire : undefined,
  })
  const mortal = await services({ ...database, url: proxy.url })
  await Worker.start(mortal, { runId: run.id, lanes: 2 })
  const key = await Promise.race([death, sleep(60_000)])
  if (key === undefined) throw new Error("the worker did not come to its death")
  const left = await findAttempt(database, key)
  const startedAt = performance.now()
  if (!isHeirThere(seed)) await hire()
  if (left !== undefined) await waitForNext(database, left)
  const takenMs = performance.now() - startedAt
  await waitForStatus(open, run.id, isQuiet)
  return left === undefined ? undefined : takenMs
}

type Dying = { readonly passed: number; readonly first: (() => Promise<void>) | undefined }

/**
 * All connections of the worker break at once, amid a job, after so many statements; `first` is done while its first one is held.
 * Returns the key of the lock of the job that it was at.
 */
async function dieAmidJob(proxy: FaultProxy, { passed, first }: Dying): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  let left = passed
  let isFirst = true
  proxy.decide = (statement) => {
    if (!isInJob(statement) || statement.before.length < 2) return undefined
    if (isFirst && first !== undefined) {
      isFirst = false
      return { type: "hold", when: "before", until: first }
    }
    if (left-- > 0) return undefined
    const die = async (): Promise<void> => {
      proxy.cutAll()
      resolve(keyOf(statement))
    }
    return { type: "hold", when: "before", until: die }
  }
  return await promise
}

function keyOf({ before }: Statement): string {
  return before.find(claimsJob)?.values[0] ?? ""
}

type Attempt = { readonly id: string; readonly retry_count: number }

/** The job of a lock, unless it was just completed: then there is nothing to take over. */
async function findAttempt(database: TestDatabase, key: string): Promise<Attempt | undefined> {
  const active = await database.query<Attempt>("select id, retry_count from cutover_jobs.job where state = 'active'")
  return active.find((job) => lockKey("job", job.id) === key)
}

async function waitForNext(database: TestDatabase, { id, retry_count: attempt }: Attempt): Promise<void> {
  for (const deadline = Date.now() + 30_000; ; await sleep(5)) {
    const [job] = await database.query<{ is_next: boolean }>(
      "select state > 'active' or state = 'active' and retry_count > $2 as is_next from cutover_jobs.job where id = $1",
      [id, attempt],
    )
    if (job === undefined || job.is_next) return
    if (Date.now() > deadline) throw new Error("nobody took the job over within 30 s")
  }
}
