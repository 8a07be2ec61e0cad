import { readFile } from "node:fs/promises"
import { relative } from "node:path"
import type pg from "pg"
import { randomOf } from "../test/support/random.ts"
import type { Bench } from "./Bench.ts"
import type { BenchResult, Heap, Versions } from "./BenchResult.ts"
import { describeMachine } from "./describeMachine.ts"
import { findingsOf } from "./findingsOf.ts"
import { measureLive } from "./measures/live.ts"
import { measurePauses } from "./measures/pauses.ts"
import { measureSpeed } from "./measures/speed.ts"
import { measureWaiting } from "./measures/waiting.ts"
import { type BenchOptions, type MeasureName, readOptions, usage } from "./options.ts"
import { readCommit } from "../test/support/readCommit.ts"
import { renderText } from "./render/renderText.ts"
import { formatRows } from "./render/units.ts"
import { pagePath, saveResult, writePage } from "./results.ts"
import { loadReturns } from "./returns.ts"
import { type BenchServer, withServer } from "./server.ts"

async function main(): Promise<void> {
  const options = understood()
  if (options === undefined) return
  const results = await withServer(options.major, options.directory, (server) => measureAll(server, options))
  if (options.printsJson)
    process.stdout.write(`${JSON.stringify(results.map((one) => ({ ...one, findings: findingsOf(one) })))}\n`)
  else for (const result of results) process.stdout.write(`${renderText(result)}\n`)
  if (!options.writesDocs) return
  await writePage()
  say(`wrote ${relative(process.cwd(), pagePath)}`)
}

function understood(): BenchOptions | undefined {
  try {
    const options = readOptions(process.argv.slice(2))
    if (options === undefined) process.stdout.write(usage)
    return options
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    process.stderr.write(`${error.message}\n\n${usage}`)
    process.exitCode = 2
    return undefined
  }
}

/** One set of data after the other. Each is kept as soon as it is measured. */
async function measureAll(server: BenchServer, options: BenchOptions): Promise<BenchResult[]> {
  const results: BenchResult[] = []
  for (const rows of options.rows) {
    for (const heap of options.heaps) {
      const result = await measure(server, options, { rows, heap })
      results.push(result)
      if (options.writesDocs) say(`kept in ${relative(process.cwd(), await saveResult(result))}`)
    }
  }
  return results
}

type Wanted = { readonly rows: number; readonly heap: Heap }

async function measure(server: BenchServer, options: BenchOptions, { rows, heap }: Wanted): Promise<BenchResult> {
  const at = new Date().toISOString()
  const { seed, random } = randomOf(options.seed)
  say(`loading ${formatRows(rows)} returns into PostgreSQL ${options.major}, ${heap}; seed ${seed}`)
  const { data, postgres, settings } = await server.fill(async (client) => ({
    data: await loadReturns(client, rows, heap),
    ...(await readServer(client)),
  }))
  const bench: Bench = { ...options, server, data, random, say }
  const wanted = async <T>(name: MeasureName, work: (bench: Bench) => Promise<T>): Promise<T | null> =>
    options.only.includes(name) ? await work(bench) : null
  return {
    schemaVersion: 2,
    at,
    command: ["npm run bench --", ...process.argv.slice(2)].join(" "),
    commit: readCommit(),
    seed,
    machine: describeMachine(),
    versions: { ...(await readVersions()), postgres, major: options.major },
    settings,
    data,
    batchTarget: options.batchTarget,
    speed: await wanted("speed", measureSpeed),
    waiting: await wanted("waiting", measureWaiting),
    live: await wanted("live", measureLive),
    pauses: await wanted("pauses", measurePauses),
  }
}

const settingsThatMatter = [
  "fsync",
  "synchronous_commit",
  "full_page_writes",
  "wal_level",
  "shared_buffers",
  "maintenance_work_mem",
  "max_wal_size",
  "checkpoint_timeout",
  "max_parallel_maintenance_workers",
]

async function readServer(client: pg.Client): Promise<{ postgres: string; settings: Record<string, string> }> {
  const { rows } = await client.query<{ name: string; value: string }>(
    "select name, current_setting(name) as value from unnest($1::text[]) as name",
    [[...settingsThatMatter, "server_version"]],
  )
  const { server_version: postgres = "", ...settings } = Object.fromEntries(rows.map((row) => [row.name, row.value]))
  return { postgres, settings }
}

async function readVersions(): Promise<Pick<Versions, "cutover" | "node">> {
  const text = await readFile(new URL("../package.json", import.meta.url), "utf8")
  return { cutover: (JSON.parse(text) as { version: string }).version, node: process.versions.node }
}

function say(line: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)
}

await main()
