import { type TestServer, createDatabase } from "../../test/support/database.ts"
import type { Options, Round, Scenario } from "../Scenario.ts"
import { parseMoments } from "../faults/Moment.ts"
import { liveAndDie } from "../faults/chain.ts"
import { renderMissed } from "../faults/missed.ts"
import { judgeRun } from "../faults/judgeRun.ts"
import { type Live, liveAsProcess, liveHere } from "../faults/lives.ts"
import { planMoments } from "../faults/planMoments.ts"
import { recordingOf } from "../faults/recording.ts"
import { createSmallTable, startSlowWriters } from "../faults/smallTable.ts"

/** So many processes die in one run. More spare time, and make it harder to see which of them did the harm. */
const deathsPerRun = { quick: 56, usual: 24, full: 24 }
const processesPerRun = 6

/** A worker is killed before, and after, each statement of a whole run, and the next one takes over. */
export const kill: Scenario = {
  id: "A1",
  name: "kill",
  says: "a worker dies before and after each statement of a whole run; the next one goes on",
  seeds: { quick: Infinity, usual: Infinity, full: Infinity },
  isDurable: false,
  atOnce: 2,
  plan: async (server, options) => await planMoments(server, options, { perRun: deathsPerRun[options.size] }),
  run: async (server, seed, options) => await runChain(server, seed, options, liveHere),
}

/** The same with real processes and SIGKILL, for a share of the moments. */
export const sigkill: Scenario = {
  id: "A1",
  name: "sigkill",
  says: "the command, a process of its own, gets SIGKILL before or after a statement; `cutover resume` goes on",
  seeds: { quick: 1, usual: 10, full: Infinity },
  isDurable: false,
  atOnce: 2,
  plan: async (server, options) =>
    await planMoments(
      server,
      { ...options, size: options.size === "full" ? "usual" : options.size },
      { perRun: processesPerRun },
    ),
  run: async (server, seed, options) => await runChain(server, seed, options, liveAsProcess),
}

async function runChain(server: TestServer, seed: number, { at = "" }: Options, live: Live): Promise<Round> {
  const recording = await recordingOf(server)
  await using database = await createDatabase("kill", server.url)
  await createSmallTable(database)
  await using writers = await startSlowWriters(database, seed)
  const moments = parseMoments(at)
  const { deaths, missed } = await liveAndDie(database, moments, live)
  return await judgeRun(database, {
    writers,
    recording,
    counts: { faults: deaths, missed: missed.length },
    failures: renderMissed(missed.length, moments.length),
  })
}
