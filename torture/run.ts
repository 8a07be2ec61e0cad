/**
 * What a cutover survives, as a scoreboard. Each failure prints the line that repeats it.
 * `npm run torture -- [scenario …] [--quick | --full] [--seeds 50] [--first 1] [--at CASE] [--major 18] [--rows 40000] [--json FILE]`
 * `--write-docs` puts the scoreboard into docs/reliability.md; with `--board FILE …`, those of earlier runs, and plays nothing.
 * `--record` notes anew how many statements a whole run has.
 */
import { readFile, writeFile } from "node:fs/promises"
import { parseArgs } from "node:util"
import type { Major } from "../src/embedded/binaries.ts"
import { readCommit } from "../test/support/readCommit.ts"
import { destroyLeftovers } from "../test/support/testClusters.ts"
import type { Options, Scenario, Size } from "./Scenario.ts"
import { Servers } from "./Servers.ts"
import { recordingOf } from "./faults/recording.ts"
import { saveRecorded } from "./faults/recorded.ts"
import { playScenario } from "./playScenario.ts"
import { type Score, renderScoreboard } from "./scoreboard.ts"
import { type Board, writeDocs } from "./writeDocs.ts"
import { scenarios } from "./scenarios/scenarios.ts"

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    full: { type: "boolean", default: false },
    seeds: { type: "string" },
    first: { type: "string", default: "1" },
    at: { type: "string" },
    major: { type: "string", default: "18" },
    rows: { type: "string" },
    json: { type: "string" },
    "write-docs": { type: "boolean", default: false },
    board: { type: "string", multiple: true, default: [] },
    record: { type: "boolean", default: false },
  },
})

async function main(): Promise<void> {
  const major = Number(values.major) as Major
  if (values.board.length > 0) return await writeDocs(await readBoards(values.board))
  await destroyLeftovers()
  await using servers = new Servers(major)
  if (values.record) {
    const { statements } = await recordingOf(await servers.fast())
    process.stdout.write(`${JSON.stringify(await saveRecorded(statements))}\n`)
    return
  }
  const begun = { at: new Date().toISOString(), commit: readCommit() }
  const scores: Score[] = []
  for (const scenario of chosenScenarios()) {
    const server = scenario.isDurable === false ? await servers.fast() : await servers.durable()
    scores.push(await playScenario(scenario, server, { ...options(), seeds: values.seeds }))
  }
  process.stdout.write(renderScoreboard(scores))
  const board: Board = { ...begun, command: command(), major, scores }
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(board, null, 2)}\n`)
  if (values["write-docs"]) await writeDocs([board])
  if (scores.some((score) => score.failed > 0)) process.exitCode = 1
}

/** What was typed after `--`, without where the scoreboard was to be put. */
function command(): string {
  const { json: _, "write-docs": __, board: ___, ...played } = values
  const given = Object.entries(played).filter(([name, value]) => process.argv.includes(`--${name}`) && value !== false)
  return [...positionals, ...given.map(([name, value]) => (value === true ? `--${name}` : `--${name} ${value}`))].join(
    " ",
  )
}

async function readBoards(files: readonly string[]): Promise<Board[]> {
  return await Promise.all(files.map(async (file) => JSON.parse(await readFile(file, "utf8")) as Board))
}

function chosenScenarios(): Scenario[] {
  const unknown = positionals.filter((name) => !scenarios.some((one) => one.name === name))
  if (unknown.length > 0)
    throw new Error(`no scenario ${unknown.join(", ")}; there are ${scenarios.map((one) => one.name).join(", ")}`)
  return scenarios.filter((one) => positionals.length === 0 || positionals.includes(one.name))
}

function size(): Size {
  if (values.quick && values.full) throw new Error("--quick and --full exclude each other")
  if (values.quick) return "quick"
  return values.full ? "full" : "usual"
}

/** Rows of the tables that are not the small one of the faults. */
const usualRows = { quick: 8_000, usual: 40_000, full: 40_000 }

function options(): Options {
  return {
    rows: Number(values.rows ?? usualRows[size()]),
    size: size(),
    at: values.at,
    first: Number(values.first),
  }
}

await main()
// Workers that were cut off for good still wait for their database; they have nothing to do with us any more.
process.exit()
