import { setTimeout as sleep } from "node:timers/promises"
import type { RunState } from "../../src/domain/status.ts"
import { CutoverError } from "../../src/errors/CutoverError.ts"
import { abort } from "../../src/runtime/commands/abort.ts"
import { openGate } from "../../src/runtime/commands/attach.ts"
import type { OpenServices } from "../../src/runtime/openServices.ts"
import { dumpCatalog } from "../../test/support/catalogDump.ts"
import { type TestDatabase, type TestServer, createDatabase } from "../../test/support/database.ts"
import { randomOf } from "../../test/support/random.ts"
import { isQuiet, launchRun, services, waitForStatus, workUntil, worker } from "../../test/support/runs.ts"
import type { Round, Scenario } from "../Scenario.ts"
import { differencesOf } from "../faults/footprint.ts"
import { judgeEnd, judgeRun } from "../faults/judgeRun.ts"
import { recordingOf } from "../faults/recording.ts"
import { createSmallTable, launchInput, startSlowWriters } from "../faults/smallTable.ts"

/** Two people do something at the same moment, and this is what they and the database say afterwards. */
type Outcome = {
  readonly state: RunState
  readonly failures: readonly string[]
  readonly counts: Readonly<Record<string, number>>
}

type Pair = (database: TestDatabase, seed: number) => Promise<Outcome>

const pairs: readonly Pair[] = [launchAndLaunch, attachAndAttach, attachAndAbort]

/** Two people do something at the same moment: one wins, the other hears so, and nothing is half done. */
export const atOnce: Scenario = {
  id: "B3",
  name: "atOnce",
  says: "two launches, two attaches, an attach and an abort at once: one wins, nothing is half done",
  seeds: { quick: 3, usual: 12, full: 30 },
  isDurable: false,
  run: async (server, seed) => await runPair(server, seed),
}

async function runPair(server: TestServer, seed: number): Promise<Round> {
  const recording = await recordingOf(server)
  await using database = await createDatabase("atonce", server.url)
  await createSmallTable(database)
  const before = await dumpCatalog(database)
  await using writers = await startSlowWriters(database, seed)
  const pair = pairs[(seed - 1) % pairs.length] ?? launchAndLaunch
  const { state, failures, counts } = await pair(database, seed)
  if (state !== "aborted") return await judgeRun(database, { writers, recording, counts, failures })
  const round = await judgeEnd(database, { writers, counts, failures, wanted: "aborted" })
  return { ...round, failures: [...round.failures, ...differencesOf(await leftBehind(database), before)] }
}

/** Both install our schemas as well, for nobody was here before. */
async function launchAndLaunch(database: TestDatabase, seed: number): Promise<Outcome> {
  await using one = await services(database)
  await using other = await services(database)
  const ends = await atTheSameTime(
    seed,
    async () => await launchRun(one, launchInput),
    async () => await launchRun(other, launchInput),
  )
  const [counted] = await database.query<{ id: string; runs: number; queues: number }>(
    `select (select min(id) from cutover.runs) as id, (select count(*)::int from cutover.runs) as runs,
            (select count(*)::int from cutover_jobs.queue where name like 'run-%') as queues`,
  )
  const refused = codesOf(ends).join() || "none"
  const status = await workUntil(one, counted?.id ?? "", isQuiet)
  return {
    state: status.run.state,
    counts: { launches: 1 },
    failures: [
      ...(refused === "CUTOVER_RUN_OPEN" ? [] : [`of two launches these were refused: ${refused}`]),
      ...(counted?.runs === 1 && counted.queues === 1
        ? []
        : [`there are ${counted?.runs} runs, ${counted?.queues} queues`]),
    ],
  }
}

async function attachAndAttach(database: TestDatabase, seed: number): Promise<Outcome> {
  await using one = await services(database)
  await using other = await services(database)
  const runId = await workToGate(one)
  await using _ = await worker(one, runId)
  await using __ = await worker(other, runId)
  const ends = await atTheSameTime(
    seed,
    async () => await openGate(one, runId),
    async () => await openGate(other, runId),
  )
  const status = await waitForStatus(one, runId, isQuiet)
  return { state: status.run.state, counts: { attaches: 1 }, failures: unexpected(ends) }
}

async function attachAndAbort(database: TestDatabase, seed: number): Promise<Outcome> {
  await using one = await services(database)
  await using other = await services(database)
  const runId = await workToGate(one)
  await using _ = await worker(one, runId)
  const ends = await atTheSameTime(
    seed,
    async () => await openGate(one, runId),
    async () => await abort(other, runId),
  )
  const { state } = (await waitForStatus(one, runId, isQuiet)).run
  const aborting = ends[1].status
  const isToldRight = (state === "aborted") === (aborting === "fulfilled")
  return {
    state,
    counts: state === "aborted" ? { abortsWon: 1 } : { attachesWon: 1 },
    failures: [...unexpected(ends), ...(isToldRight ? [] : [`abort was ${aborting}, and the run is ${state}`])],
  }
}

type Ends = [PromiseSettledResult<unknown>, PromiseSettledResult<unknown>]

/** Each a little late; every fourth pair is as close as it gets. */
async function atTheSameTime(
  seed: number,
  first: () => Promise<unknown>,
  second: () => Promise<unknown>,
): Promise<Ends> {
  const { random } = randomOf(String(seed))
  const spreadMs = seed % 4 === 0 ? 0 : 400
  return await Promise.allSettled([
    sleep(random() * spreadMs).then(async () => await first()),
    sleep(2 * random() * spreadMs).then(async () => await second()),
  ])
}

/** Who comes too late is told so; any other error is none that somebody should see. */
function unexpected(ends: Ends): string[] {
  return codesOf(ends)
    .filter((code) => code !== "CUTOVER_STEP_NOT_ALLOWED")
    .map((code) => `one of the two failed: ${code}`)
}

function codesOf(ends: Ends): string[] {
  return ends.flatMap((end) => (end.status === "rejected" ? [codeOf(end.reason)] : []))
}

function codeOf(error: unknown): string {
  return error instanceof CutoverError ? error.code : String(error)
}

async function workToGate(open: OpenServices): Promise<string> {
  const input = { ...launchInput, options: { ...launchInput.options, attach: "manual" as const } }
  const run = await launchRun(open, input)
  await workUntil(open, run.id, (one) => one.run.reason?.includes("open the gate") === true)
  return run.id
}

/** After an abort our schemas are still there; in the user's nothing of ours is. */
async function leftBehind(database: TestDatabase): Promise<string[]> {
  const left = await database.query<{ line: string }>(
    `select format('trigger of ours %s', tgname) as line from pg_trigger where tgname like 'cutover\\_%'
     union all
     select format('partition %s', oid::regclass) from pg_class where relispartition and relnamespace <> 'cutover_jobs'::regnamespace`,
  )
  return [...(await dumpCatalog(database)), ...left.map((row) => row.line)]
}
