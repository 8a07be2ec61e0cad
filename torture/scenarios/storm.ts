import { startCutover } from "../../test/support/cli.ts"
import { type TestDatabase, type TestServer, createDatabase } from "../../test/support/database.ts"
import { killAfter } from "../../test/support/killAfter.ts"
import { randomOf } from "../../test/support/random.ts"
import { createTruth, shuffleHeap, startWriters } from "../../test/support/writers.ts"
import type { Options, Round, Scenario } from "../Scenario.ts"
import { judgeEnd } from "../faults/judgeRun.ts"
import { differencesOfLedger } from "../faults/ledger.ts"
import { findRunId } from "../faults/lives.ts"

/** So long a process works; of four one lives so long from its first connection on, and may die before it works at all. */
const life = { leastMs: 200, mostMs: 2_000 }

/** Where a step takes longer than a life, as on a machine with ten times the load, no run would end: after so many deaths lives are twice as long. */
const doubledAfter = 20

/** A run that is killed without end, and never done, hangs. */
const patienceMs = 300_000

/** No process is spared, to the end of the run: the last one is quicker than its death. */
export const storm: Scenario = {
  id: "A3",
  name: "storm",
  says: "the command gets SIGKILL every 0.2 to 2 s until its run is done; `cutover resume` goes on",
  seeds: { quick: 1, usual: 6, full: 20 },
  isDurable: false,
  atOnce: 2,
  run: async (server, seed, options) => await runStorm(server, seed, options),
}

async function runStorm(server: TestServer, seed: number, { rows }: Options): Promise<Round> {
  await using database = await createDatabase("storm", server.url)
  await createTruth(database, rows)
  // Every third table is shuffled, and so swept.
  if (seed % 3 === 0) await shuffleHeap(database)
  await using writers = await startWriters(database, rows, seed, { pauseMs: 200 })
  const killed = await killUntilDone(database, seed)
  const ledger = await differencesOfLedger(database)
  return await judgeEnd(database, {
    writers,
    counts: { faults: killed, batches: ledger.batches, jobsTakenOver: ledger.retries },
    failures: [...ledger.failures, ...(killed > 0 ? [] : ["the run was done before anybody was killed"])],
  })
}

/** Says how many died on the way. */
async function killUntilDone(database: TestDatabase, seed: number): Promise<number> {
  const { random } = randomOf(String(seed))
  const deadline = Date.now() + patienceMs
  for (let killed = 0; ; killed++) {
    const isFirst = (await findRunId(database)) === undefined
    const args = isFirst ? ["launch", "t", "--by", "d", "--batch-target", "50ms"] : ["resume", "t"]
    await using command = startCutover(database.url, args)
    const lifeMs = life.leastMs + random() * (life.mostMs - life.leastMs)
    const longer = 2 ** Math.floor(killed / doubledAfter)
    await killAfter(database, command, lifeMs * longer, random() < 0.25 ? "connected" : "working")
    const { signal, code, stderr } = await command.ended
    if (code === 0) return killed
    if (signal !== "SIGKILL") throw new Error(`the command ended with ${code ?? signal}\n${stderr.slice(-2_000)}`)
    if (Date.now() > deadline) throw new Error(`not done after ${killed} processes`)
  }
}
