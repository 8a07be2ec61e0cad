import { setTimeout as sleep } from "node:timers/promises"
import type { ErrorDocument } from "../../src/errors/CutoverError.ts"
import { isTransient, sqlState as stateOf } from "../../src/postgres/classify.ts"
import { paceLimits } from "../../src/domain/pace.ts"
import { Worker } from "../../src/runtime/Worker.ts"
import { resume } from "../../src/runtime/commands/resume.ts"
import { retry } from "../../src/runtime/commands/retry.ts"
import type { OpenServices } from "../../src/runtime/openServices.ts"
import { readStatus } from "../../src/store/status.ts"
import { type TestDatabase, type TestServer, createDatabase } from "../../test/support/database.ts"
import { randomOf } from "../../test/support/random.ts"
import { isQuiet, launchRun, services } from "../../test/support/runs.ts"
import type { Statement } from "../../test/support/wire/Statement.ts"
import { FaultProxy } from "../../test/support/wire/faultProxy.ts"
import type { Options, Plan, Round, Scenario } from "../Scenario.ts"
import {
  type Injection,
  actionOf,
  faultOf,
  noticeJobs,
  parseInjections,
  renderInjections,
} from "../faults/Injection.ts"
import { judgeRun } from "../faults/judgeRun.ts"
import { findRunId } from "../faults/lives.ts"
import { renderMissed } from "../faults/missed.ts"
import { recordingOf } from "../faults/recording.ts"
import { createSmallTable, launchInput, startSlowWriters } from "../faults/smallTable.ts"
import { sqlStates } from "../faults/sqlStates.ts"

const perRun = 12

/** How many kinds of statement each SQLSTATE meets. */
const kindsPerState = { quick: 1, usual: 4, full: 21 }

/** Statements fail with every SQLSTATE that matters, within jobs and elsewhere. */
export const sqlstates: Scenario = {
  id: "C1",
  name: "sqlstates",
  says: "statements fail with each of two dozen SQLSTATEs: tried again, paused or halted as the table of classes says",
  seeds: { quick: Infinity, usual: Infinity, full: Infinity },
  isDurable: false,
  atOnce: 2,
  plan: async (server, options) => await planInjections(server, options),
  run: async (server, seed, options) => await runInjections(server, seed, options),
}

/** Each SQLSTATE at as many kinds of statement as the size says, the kinds by turns; dealt out to runs. */
async function planInjections(server: TestServer, { size, first }: Options): Promise<Plan> {
  const { random } = randomOf(String(first))
  const places = placesOf((await recordingOf(server)).statements)
  let next = Math.floor(random() * places.length)
  const injections = Object.keys(sqlStates).flatMap((sqlState) =>
    Array.from({ length: Math.min(places.length, kindsPerState[size]) }, () => {
      const place = places[next++ % places.length]
      return place === undefined ? [] : [{ ...place, sqlState }]
    }).flat(),
  )
  const runs = Math.ceil(injections.length / perRun)
  const cases = Array.from({ length: runs }, (_, run) => injections.filter((__, n) => n % runs === run))
  return { cases: cases.map(renderInjections), failures: [] }
}

type Place = Pick<Injection, "kind" | "occurrence" | "isInJob">

/** The first statement of each kind, within a job's transaction and elsewhere. */
function placesOf(statements: readonly Statement[]): Place[] {
  const places = new Map<string, Place>()
  const isInJob = noticeJobs()
  for (const statement of statements) {
    const inJob = isInJob(statement)
    const name = `${statement.kind} ${inJob}`
    // A session that cannot roll back, or let go of its lock, is closed; it has nothing to tell.
    if (places.has(name) || (!inJob && isBegin(statement)) || /^\s*rollback|pg_advisory_unlock/i.test(statement.text))
      continue
    places.set(name, { kind: statement.kind, occurrence: 1, isInJob: inJob })
  }
  return [...places.values()]
}

async function runInjections(server: TestServer, seed: number, { at = "" }: Options): Promise<Round> {
  const recording = await recordingOf(server)
  await using database = await createDatabase("sqlstates", server.url)
  await createSmallTable(database)
  await using writers = await startSlowWriters(database, seed)
  const left = new Set(parseInjections(at))
  const thrown: Injection[] = []
  const isInJob = noticeJobs()
  let isLaunched = false
  await using proxy = await FaultProxy.start(database.url, (statement) => {
    const inJob = isInJob(statement)
    // Once there is a run, a transaction elsewhere is the one that halts it, and is left alone.
    if (!inJob && isLaunched && (statement.before.length > 0 || isBegin(statement))) return undefined
    const injection = [...left].find((one) => one.kind === statement.kind && one.isInJob === inJob)
    if (injection === undefined) return undefined
    left.delete(injection)
    thrown.push(injection)
    return faultOf(injection)
  })
  const seen = await workHelped(database, proxy.url, () => (isLaunched = true))
  return await judgeRun(database, {
    writers,
    recording,
    counts: { faults: thrown.length, missed: left.size, ...seen.counts },
    failures: [...renderMissed(left.size, left.size + thrown.length), ...(await compare(database, thrown, seen))],
  })
}

function isBegin({ text }: Statement): boolean {
  return /^\s*begin\b/i.test(text)
}

type Seen = { readonly stops: readonly string[]; readonly counts: Readonly<Record<string, number>> }

/** A worker works, and a person says `retry` and `resume` as often as the run stops; `stops` is for what it stopped. */
async function workHelped(database: TestDatabase, proxyUrl: string, onLaunched: () => void): Promise<Seen> {
  const stops: string[] = []
  const { open, runId, calls } = await launchPatiently(database, proxyUrl)
  onLaunched()
  const deadline = Date.now() + 120_000
  try {
    // A worker that leaves may still be hit, and the run stopped then.
    while (!(await isThrough(open, runId))) {
      const worker = await insist(async () => await Worker.start(open, { runId, lanes: 1 }))
      try {
        while (!(await isThrough(open, runId))) {
          stops.push(...(await help(open, runId)))
          if (Date.now() > deadline) throw new Error("the run has not ended after two minutes")
          await sleep(25)
        }
      } finally {
        await worker.stop()
      }
    }
  } finally {
    await open.close()
  }
  return { stops, counts: { stops: stops.length, calls } }
}

async function isThrough(open: OpenServices, runId: string): Promise<boolean> {
  const status = await insist(async () => await readStatus(open.database, runId))
  return isQuiet(status) && status.run.control !== "halted"
}

/** What the run has stopped for, when it has; then somebody lets it go on. */
async function help(open: OpenServices, runId: string): Promise<string[]> {
  const { run } = await insist(async () => await readStatus(open.database, runId))
  if (run.control === "paused") {
    await insist(async () => await resume(open, runId))
    return ["53100"]
  }
  if (run.control !== "halted") return []
  await insist(async () => await retry(open, runId, { partition: null }))
  return [haltedFor(run.error)]
}

function haltedFor(error: ErrorDocument | null): string {
  const sqlState = error?.details?.["sqlState"]
  return typeof sqlState === "string" ? sqlState : (error?.code ?? "nothing that it says")
}

async function launchPatiently(
  database: TestDatabase,
  proxyUrl: string,
): Promise<{ open: OpenServices; runId: string; calls: number }> {
  let calls = 0
  const open = await insist(async () => await services({ ...database, url: proxyUrl }))
  const runId = await insist(async () => {
    calls += 1
    return (await findRunId(database)) ?? (await launchRun(open, launchInput)).id
  })
  return { open, runId, calls }
}

/** What a person does whose command failed with an error of the database: calls it again. */
async function insist<T>(command: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await command()
    } catch (error) {
      const isThrown = isTransient(error) || (stateOf(error) ?? "") in sqlStates
      if (!isThrown || tries > 20) throw error
      await sleep(50)
    }
  }
}

/** The run stopped as often as it should have, each time for what was thrown at it; and the log says the same. */
async function compare(database: TestDatabase, thrown: readonly Injection[], { stops }: Seen): Promise<string[]> {
  const wanted = thrown.filter((one) => actionOf(one) !== "again").map((one) => one.sqlState)
  const [run] = await database.query<{ blocks: number }>("select batch_blocks::int as blocks from cutover.runs")
  // Where batches cannot get any smaller, a statement that runs out of time is for a person.
  const isAtFloor = run?.blocks === paceLimits.min
  const found = isAtFloor ? stops.filter((state) => state !== "57014") : stops
  const logged = await database.query<{ kind: string }>(
    "select kind from cutover.log where kind in ('run.halted', 'run.paused')",
  )
  return [
    ...(found.toSorted().join() === wanted.toSorted().join()
      ? []
      : [
          `the run stopped for ${found.toSorted().join() || "nothing"}, and should have for ${wanted.toSorted().join() || "nothing"}`,
        ]),
    ...(logged.length === stops.length ? [] : [`it stopped ${stops.length} times, and the log says ${logged.length}`]),
  ]
}
