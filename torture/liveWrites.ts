/**
 * Runs a cutover under ten kinds of writers, once for each seed, and compares the table with a truth table that the
 * writers wrote in the same transactions. `npm run torture -- --seeds 50 [--first 1] [--major 18]`
 */
import { setTimeout as sleep } from "node:timers/promises"
import { parseArgs } from "node:util"
import type { Major } from "../src/embedded/binaries.ts"
import { createDatabase, startServer } from "../test/support/database.ts"
import { launchRun, services, workUntil, workUntilQuiet } from "../test/support/runs.ts"
import { createTruth, differencesFromTruth, moveFar, startWriters } from "../test/support/writers.ts"

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "10" },
    first: { type: "string", default: "1" },
    major: { type: "string", default: "18" },
    rows: { type: "string", default: "40000" },
  },
})

type Round = {
  readonly seed: number
  readonly state: string
  readonly transactions: number
  readonly errors: number
  readonly lost: number
  readonly extra: number
  readonly lockHeldMs: number
  readonly longestMs: number
}

async function main(): Promise<void> {
  await using server = await startServer(Number(values.major) as Major)
  const first = Number(values.first)
  const rounds: Round[] = []
  for (let seed = first; seed < first + Number(values.seeds); seed++) {
    const round = await runOnce(server.url, seed)
    rounds.push(round)
    const isGood = round.state === "cleanup" && round.errors + round.lost + round.extra === 0
    process.stderr.write(`${isGood ? "ok  " : "FAIL"} ${JSON.stringify(round)}\n`)
    if (!isGood)
      process.stderr.write(`     again: npm run torture -- --seeds 1 --first ${seed} --major ${values.major}\n`)
  }
  process.stdout.write(`${JSON.stringify(summary(rounds), null, 2)}\n`)
  process.exitCode = rounds.every((one) => one.state === "cleanup" && one.errors + one.lost + one.extra === 0) ? 0 : 1
}

async function runOnce(adminUrl: string, seed: number): Promise<Round> {
  const rows = Number(values.rows)
  await using database = await createDatabase("torture", adminUrl)
  await using open = await services(database)
  await createTruth(database, rows)
  await using writers = await startWriters(database, rows, seed)
  const run = await launchRun(open, { table: "t", by: "d", options: { writes: "capture", batchTargetMs: 50 } })
  await workUntil(open, run.id, (one) => one.run.state !== "prep")
  await moveFar(database)
  const status = await workUntilQuiet(open, run.id)
  await sleep(300)
  const report = await writers.stop()
  for (const error of new Set(report.errors)) process.stderr.write(`     ${error}\n`)
  const { lost, extra } = await differencesFromTruth(database)
  return {
    seed,
    state: status.run.control === "halted" ? `halted: ${status.run.reason}` : status.run.state,
    transactions: report.transactions,
    errors: report.errors.length,
    lost,
    extra,
    lockHeldMs: status.attach.lockHeldMs ?? Number.NaN,
    longestMs: Math.round(report.longestMs),
  }
}

function summary(rounds: readonly Round[]): Record<string, unknown> {
  const sum = (of: (round: Round) => number): number => rounds.reduce((all, one) => all + of(one), 0)
  return {
    seeds: rounds.length,
    transactions: sum((one) => one.transactions),
    lost: sum((one) => one.lost),
    extra: sum((one) => one.extra),
    clientErrors: sum((one) => one.errors),
    lockHeldMs: quantiles(rounds.map((one) => one.lockHeldMs)),
    longestClientTransactionMs: quantiles(rounds.map((one) => one.longestMs)),
  }
}

function quantiles(numbers: readonly number[]): { median: number; p95: number; max: number } {
  const sorted = numbers.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { median: at(0.5), p95: at(0.95), max: at(1) }
}

await main()
