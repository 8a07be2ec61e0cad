import { type TestServer, createDatabase } from "../../test/support/database.ts"
import { startCutover, type Cutover } from "../../test/support/cli.ts"
import { randomOf } from "../../test/support/random.ts"
import { type TestDatabase } from "../../test/support/database.ts"
import { FaultProxy } from "../../test/support/wire/faultProxy.ts"
import type { Round, Scenario } from "../Scenario.ts"
import { openSessions } from "../faults/footprint.ts"
import { judgeRun } from "../faults/judgeRun.ts"
import { findRunId } from "../faults/lives.ts"
import { recordingOf } from "../faults/recording.ts"
import { createSmallTable, launchArgs, startSlowWriters } from "../faults/smallTable.ts"

const exitCodes = { SIGTERM: 143, SIGINT: 130 }
type Signal = keyof typeof exitCodes

/** Batches of the small table take 50 ms. */
const leavesWithinMs = 1_050

/** So many statements a command sends at most before its signal comes; a whole run has two thousand. */
const signalWithin = 500

/** The command gets SIGTERM or SIGINT at any moment: it leaves soon, says so by its exit code, and leaves nothing open. */
export const signals: Scenario = {
  id: "A6",
  name: "signals",
  says: "SIGTERM and SIGINT at any moment: gone within a batch and a second, exit 143 or 130, no session left",
  seeds: { quick: 1, usual: 3, full: 7 },
  isDurable: false,
  run: async (server, seed) => await runSignals(server, seed),
}

async function runSignals(server: TestServer, seed: number): Promise<Round> {
  const recording = await recordingOf(server)
  const { random } = randomOf(String(seed))
  await using database = await createDatabase("signals", server.url)
  await createSmallTable(database)
  await using writers = await startSlowWriters(database, seed)
  const failures: string[] = []
  const tookMs: number[] = []
  let early = 0
  for (let isOver = false; !isOver;) {
    const signal: Signal = random() < 0.5 ? "SIGTERM" : "SIGINT"
    const left = await interrupted(database, signal, 1 + Math.floor(random() * signalWithin))
    failures.push(...left.failures)
    if (left.tookMs === undefined) isOver = true
    else tookMs.push(left.tookMs)
    if (left.isEarly) early += 1
    if (tookMs.length > 60) throw new Error("sixty signals, and the run is not at its end")
  }
  const round = await judgeRun(database, { writers, recording, counts: { faults: tookMs.length, early }, failures })
  return { ...round, ms: { ...round.ms, longestLeave: Math.max(0, ...tookMs) } }
}

type Interrupted = {
  readonly failures: readonly string[]
  /** From the signal to the end of the process; undefined where the run was over before the signal came. */
  readonly tookMs: number | undefined
  /** Whether it came before the command listens for signals: then it ends the process as signals do. */
  readonly isEarly: boolean
}

async function interrupted(database: TestDatabase, signal: Signal, after: number): Promise<Interrupted> {
  let command: Cutover | undefined
  let signalledAt: number | undefined
  await using proxy = await FaultProxy.start(database.url, ({ n }) => {
    if (n !== after) return undefined
    signalledAt = performance.now()
    command?.process.kill(signal)
    return undefined
  })
  command = startCutover(proxy.url, (await findRunId(database)) === undefined ? launchArgs : ["resume", "t"])
  const { code, signal: endedBy, stderr } = await command.ended
  if (signalledAt === undefined || code === 0)
    return { failures: code === 0 ? [] : [`exit ${code ?? endedBy}\n${stderr}`], tookMs: undefined, isEarly: false }
  const tookMs = performance.now() - signalledAt
  const isEarly = endedBy === signal
  return {
    failures: [
      ...(isEarly || code === exitCodes[signal] ? [] : [`${signal} after statement ${after}: exit ${code}\n${stderr}`]),
      ...(tookMs <= leavesWithinMs ? [] : [`${signal} after statement ${after}: gone after ${Math.round(tookMs)} ms`]),
      ...(await openSessions(database)),
    ],
    tookMs,
    isEarly,
  }
}
