import { type TestServer, createDatabase, startServer } from "../../test/support/database.ts"
import { randomOf } from "../../test/support/random.ts"
import { FaultProxy } from "../../test/support/wire/faultProxy.ts"
import type { Statement } from "../../test/support/wire/Statement.ts"
import type { Options, Round, Scenario } from "../Scenario.ts"
import { type Moment, parseMoments, renderMoments } from "../faults/Moment.ts"
import { isInJob } from "../faults/Injection.ts"
import { renderMissed } from "../faults/missed.ts"
import { judgeRun } from "../faults/judgeRun.ts"
import { momentsOf, recordingOf, type Recorded } from "../faults/recording.ts"
import { createSmallTable, startSlowWriters } from "../faults/smallTable.ts"
import { workThrough } from "../faults/workThrough.ts"

/** Where the application itself loses its server, its transactions wait for that. */
const mostStallMs = 10_000

/** How long after PostgreSQL is back the first job is done again. */
const mostAgainMs = 5_000

/** PostgreSQL itself is killed, all its processes at once, in every step of a run, and started again. */
export const crash: Scenario = {
  id: "A4",
  name: "crash",
  says: "PostgreSQL is killed in each step of a run and comes back; the worker goes on, and nobody helps it",
  seeds: { quick: 1, usual: 4, full: 13 },
  isDurable: false,
  atOnce: 2,
  plan: async (server, { first, size }) => {
    const { statements } = await recordingOf(server)
    const seeds = Array.from({ length: crash.seeds[size] }, (_, n) => first + n)
    return { cases: seeds.map((seed) => renderMoments(oneOfEachStep(statements, seed))), failures: [] }
  },
  run: async (server, seed, options) => await runCrash(server, seed, options),
}

async function runCrash(server: TestServer, seed: number, { at = "" }: Options): Promise<Round> {
  const recording = await recordingOf(server)
  await using mortal = await startServer(server.major)
  await using database = await createDatabase("crash", mortal.url)
  await createSmallTable(database)
  await using writers = await startSlowWriters(database, seed, { outliveServer: true })
  const left = new Set(parseMoments(at))
  const planned = left.size
  let restarting: Promise<void> | undefined
  let backAt: number | undefined
  const workingAgainMs: number[] = []
  const restart = async (): Promise<void> => {
    await (restarting ??= mortal.killImmediately().then(async () => await mortal.start()))
    restarting = undefined
    backAt = performance.now()
  }
  const noteAgain = async (): Promise<void> => {
    if (backAt !== undefined) workingAgainMs.push(performance.now() - backAt)
    backAt = undefined
  }
  await using proxy = await FaultProxy.start(database.url, (statement) => {
    const moment = [...left].find((one) => one.kind === statement.kind && one.occurrence <= statement.occurrence)
    if (moment !== undefined && restarting === undefined) {
      left.delete(moment)
      return { type: "hold", when: moment.when, until: restart }
    }
    return isEndOfJob(statement) ? { type: "hold", when: "after", until: noteAgain } : undefined
  })
  const working = workThrough(database, proxy.url)
  // The last moment may come as the run ends: neither are we to ask a server amid its restart, nor to take it away.
  await working.catch(() => {})
  await restarting
  const { calls } = await working
  const longestMs = Math.max(0, ...workingAgainMs)
  const round = await judgeRun(database, {
    writers,
    recording,
    counts: { faults: planned - left.size, missed: left.size, calls },
    failures: [
      ...renderMissed(left.size, planned),
      ...(longestMs < mostAgainMs
        ? []
        : [`the first job was done ${Math.round(longestMs)} ms after PostgreSQL was back`]),
    ],
    mostStallMs,
  })
  return { ...round, ms: { ...round.ms, workingAgain: workingAgainMs } }
}

/** The COMMIT of a job: what was lost is being done again. */
function isEndOfJob({ text, before }: Statement): boolean {
  return /^\s*commit\b/i.test(text) && before.some(isInJob)
}

/** A moment in each step, from the launch to the cleanup. */
function oneOfEachStep(statements: readonly Recorded[], seed: number): Moment[] {
  const { random } = randomOf(String(seed))
  const bySteps = Map.groupBy(statements, (one: Statement & { step: string }) => one.step)
  return [...bySteps.values()].flatMap((ones) => {
    const moments = momentsOf(ones)
    return moments[Math.floor(random() * moments.length)] ?? []
  })
}
