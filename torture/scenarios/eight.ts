import { setTimeout as sleep } from "node:timers/promises"
import { startCutover } from "../../test/support/cli.ts"
import { type TestDatabase, type TestServer, createDatabase } from "../../test/support/database.ts"
import { type Writers, createTruth, shuffleHeap, startWriters } from "../../test/support/writers.ts"
import type { Options, Round, Scenario } from "../Scenario.ts"
import { differencesOfLedger } from "../faults/ledger.ts"
import { judgeEnd } from "../faults/judgeRun.ts"

const workers = 8

/** Each has time to start, and to take over what the one before it left; then they are let work. */
const killEveryMs = 500
const mostKilled = 16

/** A month of it is more than a first batch. */
const leastRows = 150_000

/**
 * Eight worker processes on one run. On every second seed writers write, and the workers are killed one by one and others take
 * their place; on the others writes are refused, and every row is in the ledger.
 */
export const eight: Scenario = {
  id: "B2",
  name: "eight",
  says: "eight workers on one run, on every second seed killed and replaced: each batch counts once",
  seeds: { quick: 1, usual: 6, full: 20 },
  isDurable: false,
  run: async (server, seed, options) => await runEight(server, seed, options),
}

async function runEight(server: TestServer, seed: number, options: Options): Promise<Round> {
  await using database = await createDatabase("eight", server.url)
  const isWild = seed % 2 === 0
  const rows = Math.max(leastRows, options.rows)
  await createTruth(database, rows)
  if (seed % 3 === 0) await shuffleHeap(database)
  const launched = await startCutover(database.url, [
    "launch",
    "t",
    "--by",
    "d",
    "--batch-target",
    "20ms",
    "--parallel",
    String(workers),
    "--writes",
    isWild ? "capture" : "block",
    "--detach",
  ]).ended
  if (launched.code !== 0) throw new Error(launched.stderr)
  const hire = (): ReturnType<typeof startCutover> => startCutover(database.url, ["worker"])
  await using all = new AsyncDisposableStack()
  const hired = Array.from({ length: workers }, () => all.use(hire()))
  // Rows that writers move about before the survey would have every table swept.
  while (!(await isTrue(database, "strategy is not null"))) await sleep(20)
  await using writers = isWild ? await startWriters(database, rows, seed, { pauseMs: 200 }) : nobody
  let killed = 0
  const deadline = Date.now() + 120_000
  while (!(await isTrue(database, "state = 'cleanup' and control = 'waiting' or control = 'halted'"))) {
    if (Date.now() > deadline) throw new Error("eight workers did not end the run within two minutes")
    await sleep(killEveryMs)
    if (!isWild || killed === mostKilled) continue
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

/** Writers that write nothing. */
const nobody: Writers = {
  stop: async () => ({ transactions: 0, errors: [], longestMs: 0 }),
  sofar: () => ({ waits: [] }),
  [Symbol.asyncDispose]: async () => {},
}

async function isTrue(database: TestDatabase, condition: string): Promise<boolean> {
  return (await database.query(`select from cutover.runs where ${condition}`)).length > 0
}
