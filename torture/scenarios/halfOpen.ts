import { type TestServer, createDatabase } from "../../test/support/database.ts"
import type { Fault } from "../../test/support/wire/Fault.ts"
import type { Statement } from "../../test/support/wire/Statement.ts"
import { FaultProxy } from "../../test/support/wire/faultProxy.ts"
import { setsUpSession } from "../../test/support/wire/setsUpSession.ts"
import type { Options, Round, Scenario } from "../Scenario.ts"
import { type Moment, parseMoments } from "../faults/Moment.ts"
import { judgeRun } from "../faults/judgeRun.ts"
import { renderMissed } from "../faults/missed.ts"
import { planMoments } from "../faults/planMoments.ts"
import { recordingOf } from "../faults/recording.ts"
import { createSmallTable, startSlowWriters } from "../faults/smallTable.ts"
import { workThrough } from "../faults/workThrough.ts"

/** Each costs its worker some seconds, in which the runs beside it go on. */
const perRun = { quick: 2, usual: 6, full: 6 }

/** How long a client may stay on a connection that says nothing any more. */
const mostGivenUpMs = 10_000

/** One connection swallows what is sent in one direction, and stays open: on the way to the server, or on the way back. */
export const halfOpen: Scenario = {
  id: "C5",
  name: "halfOpen",
  says: "a connection stays open and swallows a statement or its answer; it is given up, and nothing of it is left on the server",
  seeds: { quick: 4, usual: 4, full: 10 },
  isDurable: false,
  atOnce: 4,
  plan: async (server, options) => await planMoments(server, options, { perRun: perRun[options.size] }),
  run: async (server, seed, options) => await runHalfOpen(server, seed, options),
}

async function runHalfOpen(server: TestServer, seed: number, { at = "" }: Options): Promise<Round> {
  const recording = await recordingOf(server)
  await using database = await createDatabase("deaf", server.url)
  await createSmallTable(database)
  await using writers = await startSlowWriters(database, seed)
  const left = new Set(parseMoments(at))
  const planned = left.size
  await using proxy = await FaultProxy.start(database.url, (statement) => deafAt(left, statement))
  const { calls } = await workThrough(database, proxy.url)
  const longestMs = Math.max(0, ...proxy.givenUpMs)
  const round = await judgeRun(database, {
    writers,
    recording,
    counts: { faults: planned - left.size, missed: left.size, calls },
    failures: [
      ...renderMissed(left.size, planned),
      ...(longestMs < mostGivenUpMs ? [] : [`a connection was given up after ${Math.round(longestMs)} ms`]),
    ],
  })
  return {
    ...round,
    failures: round.failures.filter((failure) => !isUnborn(failure)),
    ms: { ...round.ms, givenUp: longestMs },
  }
}

/** A session whose settings were swallowed, or the answer to them, has done nothing else and holds nothing; its client never knew its name. */
function isUnborn(failure: string): boolean {
  const query = /^session \d+ of cutover\/test is open: idle, (.*)$/s.exec(failure)?.[1]
  return query !== undefined && (query === "" || setsUpSession(query))
}

/** Before a statement its way there is deaf, after it its way back. */
function deafAt(left: Set<Moment>, { kind, occurrence }: Statement): Fault | undefined {
  for (const moment of left) {
    if (moment.kind !== kind || occurrence < moment.occurrence) continue
    left.delete(moment)
    return { type: "blackhole", way: moment.when === "before" ? "toServer" : "toClient" }
  }
  return undefined
}
