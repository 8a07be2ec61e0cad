import { type TestServer, createDatabase } from "../../test/support/database.ts"
import type { Fault } from "../../test/support/wire/Fault.ts"
import type { Statement } from "../../test/support/wire/Statement.ts"
import { FaultProxy } from "../../test/support/wire/faultProxy.ts"
import type { Options, Round, Scenario } from "../Scenario.ts"
import { type Moment, parseMoments } from "../faults/Moment.ts"
import { judgeRun } from "../faults/judgeRun.ts"
import { planMoments } from "../faults/planMoments.ts"
import { recordingOf } from "../faults/recording.ts"
import { createSmallTable, startSlowWriters } from "../faults/smallTable.ts"
import { workThrough } from "../faults/workThrough.ts"
import { renderMissed } from "../faults/missed.ts"

/** A worker waits about a second after each. */
const cutsPerRun = 12

/** One connection of many breaks, and the process lives: the worker goes on by itself. */
export const cut: Scenario = {
  id: "A2",
  name: "cut",
  says: "one connection breaks before or after a statement; the same worker goes on, and nobody helps it",
  seeds: { quick: 2, usual: 16, full: Infinity },
  isDurable: false,
  atOnce: 3,
  plan: async (server, options) => await planMoments(server, options, { perRun: cutsPerRun, isOncePerStatement: true }),
  run: async (server, seed, options) => await runCut(server, seed, options),
}

async function runCut(server: TestServer, seed: number, { at = "" }: Options): Promise<Round> {
  const recording = await recordingOf(server)
  await using database = await createDatabase("cut", server.url)
  await createSmallTable(database)
  await using writers = await startSlowWriters(database, seed)
  const left = new Set(parseMoments(at))
  const planned = left.size
  await using proxy = await FaultProxy.start(database.url, (statement) => cutAt(left, statement))
  const { calls } = await workThrough(database, proxy.url)
  return await judgeRun(database, {
    writers,
    recording,
    counts: { faults: planned - left.size, missed: left.size, calls },
    failures: renderMissed(left.size, planned),
  })
}

function cutAt(left: Set<Moment>, { kind, occurrence }: Statement): Fault | undefined {
  for (const moment of left) {
    if (moment.kind !== kind || occurrence < moment.occurrence) continue
    left.delete(moment)
    return { type: "cut", when: moment.when }
  }
  return undefined
}
