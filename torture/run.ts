/**
 * What a cutover survives, seed by seed. Each failure prints the line that repeats it.
 * `npm run torture -- [scenario …] [--seeds 50] [--first 1] [--major 18] [--rows 40000]`
 */
import { parseArgs } from "node:util"
import type { Major } from "../src/embedded/binaries.ts"
import { type TestServer, startServer } from "../test/support/database.ts"
import type { Round, Scenario } from "./Scenario.ts"
import { hot } from "./scenarios/hot.ts"
import { reader } from "./scenarios/reader.ts"
import { rollback } from "./scenarios/rollback.ts"
import { truncate } from "./scenarios/truncate.ts"
import { writes } from "./scenarios/writes.ts"

const scenarios: readonly Scenario[] = [writes, rollback, truncate, hot, reader]

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: "string" },
    first: { type: "string", default: "1" },
    major: { type: "string", default: "18" },
    rows: { type: "string", default: "40000" },
  },
})

async function main(): Promise<void> {
  const unknown = positionals.filter((name) => !scenarios.some((one) => one.name === name))
  if (unknown.length > 0)
    throw new Error(`no scenario ${unknown.join(", ")}; there are ${scenarios.map((one) => one.name).join(", ")}`)
  await using server = await startServer(Number(values.major) as Major, { fsync: "on" })
  const chosen = scenarios.filter((one) => positionals.length === 0 || positionals.includes(one.name))
  for (const scenario of chosen) {
    const rounds = await runScenario(server, scenario)
    process.stdout.write(
      `${JSON.stringify({ scenario: scenario.name, major: Number(values.major), ...summaryOf(rounds) }, null, 2)}\n`,
    )
    if (rounds.some((round) => round.failures.length > 0)) process.exitCode = 1
  }
}

async function runScenario(server: TestServer, scenario: Scenario): Promise<Round[]> {
  process.stderr.write(`${scenario.name}: ${scenario.says}\n`)
  const first = Number(values.first)
  const rounds: Round[] = []
  for (let seed = first; seed < first + Number(values.seeds ?? scenario.seeds); seed++) {
    const round = await scenario.run(server, seed, { rows: Number(values.rows) })
    rounds.push(round)
    const facts = JSON.stringify({ seed, ...round.counts, ...roundedValues(round.ms) })
    process.stderr.write(`  ${round.failures.length === 0 ? "ok  " : "FAIL"} ${facts}\n`)
    for (const failure of round.failures) process.stderr.write(`       ${failure}\n`)
    if (round.failures.length > 0)
      process.stderr.write(
        `       again: npm run torture -- ${scenario.name} --seeds 1 --first ${seed} --major ${values.major} --rows ${values.rows}\n`,
      )
  }
  return rounds
}

function summaryOf(rounds: readonly Round[]): Record<string, unknown> {
  const [first] = rounds
  const sum = (name: string): number => rounds.reduce((all, round) => all + (round.counts[name] ?? 0), 0)
  return {
    seeds: rounds.length,
    failed: rounds.filter((round) => round.failures.length > 0).length,
    ...Object.fromEntries(Object.keys(first?.counts ?? {}).map((name) => [name, sum(name)])),
    ...Object.fromEntries(
      Object.keys(first?.ms ?? {}).map((name) => [
        `${name}Ms`,
        quantiles(rounds.map((round) => round.ms[name] ?? Number.NaN)),
      ]),
    ),
  }
}

function roundedValues(numbers: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [`${name}Ms`, rounded(value)]))
}

function quantiles(numbers: readonly number[]): { median: number; p95: number; max: number } {
  const sorted = numbers.toSorted((a, b) => a - b)
  const at = (share: number): number =>
    rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN)
  return { median: at(0.5), p95: at(0.95), max: at(1) }
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10
}

await main()
