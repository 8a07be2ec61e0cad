import { setTimeout as sleep } from "node:timers/promises"
import { startCutover } from "../../test/support/cli.ts"
import { type TestDatabase, type TestServer, createDatabase } from "../../test/support/database.ts"
import { createTruth, shuffleHeap, startWriters } from "../../test/support/writers.ts"
import type { Options, Round, Scenario } from "../Scenario.ts"
import { differencesOfLedger } from "../faults/ledger.ts"
import { judgeEnd } from "../faults/judgeRun.ts"

const workers = 8

/** Eight worker processes on one run; every second seed kills them one by one and starts others in their place. */
export const eight: Scenario = {
  id: "B2",
  name: "eight",
  says: "eight workers on one run, on every second seed killed and replaced: each batch counts once",
  seeds: { quick: 1, usual: 6, full: 20 },
  isDurable: false,
  run: async (server, seed, options) => await runEight(server, seed, options),
}

async function runEight(server: TestServer, seed: number, { rows }: Options): Promise<Round> {
  await using database = await createDatabase("eight", server.url)
  await createTruth(database, rows)
  if (seed % 3 === 0) await shuffleHeap(database)
  await using writers = await startWriters(database, rows, seed, { pauseMs: 200 })
  const launched = await startCutover(database.url, [
    "launch",
    "t",
    "--by",
    "d",
    "--batch-target",
    "20ms",
    "--parallel",
    String(workers),
    "--detach",
  ]).ended
  if (launched.code !== 0) throw new Error(launched.stderr)
  const hire = (): ReturnType<typeof startCutover> => startCutover(database.url, ["worker"])
  await using all = new AsyncDisposableStack()
  const hired = Array.from({ length: workers }, () => all.use(hire()))
  let killed = 0
  const deadline = Date.now() + 120_000
  while (!(await isThrough(database))) {
    if (Date.now() > deadline) throw new Error("eight workers did not end the run within two minutes")
    await sleep(250)
    if (seed % 2 === 1) continue
    const victim = hired.shift()
    victim?.process.kill("SIGKILL")
    killed += 1
    hired.push(all.use(hire()))
  }
  for (const one of hired) one.process.kill("SIGTERM")
  await Promise.all(hired.map(async (one) => await one.ended))
  const ledger = await differencesOfLedger(database)
  return await judgeEnd(database, {
    writers,
    counts: { faults: workers, killed, batches: ledger.batches, jobsTakenOver: ledger.retries },
    failures: ledger.failures,
  })
}

async function isThrough(database: TestDatabase): Promise<boolean> {
  const rows = await database.query(
    "select from cutover.runs where state = 'cleanup' and control = 'waiting' or control = 'halted'",
  )
  return rows.length > 0
}
