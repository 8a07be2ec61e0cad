import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import pg from "pg"
import { createReturnsRaw } from "../src/cli/demo/returnsRaw.ts"
import { type Major, majors } from "../src/embedded/binaries.ts"
import { openCluster } from "../src/embedded/cluster.ts"
import { randomOf } from "../test/support/random.ts"
import { type Costs, measureCosts } from "./captureCost/measure.ts"
import { measureThroughput } from "./captureCost/pgbench.ts"
import { renderCosts, renderThroughput } from "./captureCost/renderCosts.ts"
import { prepareWrites } from "./captureCost/writes.ts"
import { describeMachine } from "./describeMachine.ts"
import { readCommit } from "../test/support/readCommit.ts"
import { median } from "./statistics.ts"

const usage = `node bench/captureCost.ts [options]

What it costs to log the keys of written rows by a trigger: the measurement of docs/decisions/0006-capture-triggers.md.
Prints tables, and as its last line all values as JSON.

  --major 15|16|17|18   PostgreSQL's major version. Default: 18.
  --rounds <count>      How often everything is measured, interleaved. Default: 30.
  --rows <count>        Rows of the table. Default: 200000.
  --pgbench             Single inserts by pgbench, too, which must be on the PATH.
  --seed <number>       Repeats the order of another bench.
  --help                This.
`

/**
 * Durability is that of production. Checkpoints and autovacuum would hit some forms and not others; without them
 * statements are cheaper, and so a trigger's share is larger.
 */
const settings = { autovacuum: "off", checkpoint_timeout: "1d", max_wal_size: "16GB", jit: "off" }

type Options = {
  readonly major: Major
  readonly rounds: number
  readonly rows: number
  readonly pgbench: boolean
  readonly seed: string | undefined
}

async function main(): Promise<void> {
  const options = readOptions()
  if (options === undefined) process.stdout.write(usage)
  else await withServer(options.major, (url) => measure(url, options))
}

/** Undefined when help was asked for. */
function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      major: { type: "string", default: "18" },
      rounds: { type: "string", default: "30" },
      rows: { type: "string", default: "200000" },
      pgbench: { type: "boolean", default: false },
      seed: { type: "string" },
      help: { type: "boolean", default: false },
    },
  })
  if (values.help) return undefined
  const { major, rounds, rows, pgbench, seed } = values
  return { major: toMajor(major), rounds: toCount(rounds), rows: toCount(rows), pgbench, seed }
}

async function withServer(major: Major, use: (url: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "pg-cutover-capture-cost-"))
  const cluster = await openCluster({ directory: join(folder, "server"), major, settings })
  const destroy = async (): Promise<void> => {
    await cluster.destroy()
    await rm(folder, { recursive: true, force: true })
  }
  const interrupted = (): void => void destroy().finally(() => process.exit(130))
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted)
  try {
    await use(cluster.url)
  } finally {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted)
    await destroy()
  }
}

async function measure(url: string, { rounds, rows, pgbench, seed: wantedSeed }: Options): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: "bench" })
  await client.connect()
  try {
    const at = new Date().toISOString()
    const { seed, random } = randomOf(wantedSeed)
    await createReturnsRaw(client, { rows })
    const measured = await measureCosts(client, await prepareWrites(client, rows), { rounds, random, say })
    const facts = {
      at,
      commit: readCommit(),
      seed,
      machine: describeMachine(),
      ...(await readServer(client)),
      rows,
      rounds,
    }
    process.stdout.write(render(facts, measured))
    const throughput = pgbench ? await measureThroughput(client, { url, rounds, random, say }) : null
    if (throughput !== null) process.stdout.write(`${renderThroughput(throughput)}\n`)
    process.stdout.write(`${JSON.stringify({ schemaVersion: 1, ...facts, ...measured, throughput })}\n`)
  } finally {
    await client.end()
  }
}

type Facts = {
  readonly postgres: string
  readonly settings: Readonly<Record<string, string>>
  readonly rows: number
  readonly rounds: number
}

function render({ postgres, settings: set, rows, rounds }: Facts, { costs, others }: Costs): string {
  const named = Object.entries(set).map(([name, value]) => `${name} ${value}`)
  return `PostgreSQL ${postgres}, ${named.join(", ")}; ${rows} rows; medians of ${rounds} rounds; others used ${Math.round(median(others) * 100)} % of all cores (median).

${renderCosts(costs)}
`
}

const settingsThatMatter = [
  "fsync",
  "synchronous_commit",
  "full_page_writes",
  "wal_level",
  "shared_buffers",
  ...Object.keys(settings),
]

async function readServer(client: pg.Client): Promise<Pick<Facts, "postgres" | "settings">> {
  const { rows } = await client.query<{ name: string; value: string }>(
    "select name, current_setting(name) as value from unnest($1::text[]) as name",
    [["server_version", ...settingsThatMatter]],
  )
  const { server_version: postgres = "", ...set } = Object.fromEntries(rows.map((row) => [row.name, row.value]))
  return { postgres, settings: set }
}

function toMajor(text: string): Major {
  const major = majors.find((one) => String(one) === text)
  if (major === undefined) throw new TypeError(`--major is one of ${majors.join(", ")}, not ${text}.`)
  return major
}

function toCount(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new TypeError(`a count from 1 to 9999999 is wanted, not ${text}.`)
  return Number(text)
}

function say(line: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`)
}

await main()
