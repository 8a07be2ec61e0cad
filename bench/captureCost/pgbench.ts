import { spawn } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type pg from "pg"
import { runBetween } from "./between.ts"
import { type Form, chosen, noTrigger, rowPerEvent } from "./forms.ts"
import { installForm, removeForm } from "./measure.ts"

/** Inserts of single rows by so many clients at once; each list has one value a round. */
export type Throughput = {
  readonly clients: number
  readonly form: string
  readonly perSecond: readonly number[]
  /** Time per insert, to that without a trigger right before and right after. */
  readonly ratio: readonly number[]
}

export type PgbenchOptions = {
  readonly url: string
  readonly rounds: number
  readonly random: () => number
  readonly say: (line: string) => void
}

/** One client waits for the disk; eight share its flushes, so that CPU is what they are short of. */
const clientCounts = [1, 8]
const secondsEach = 1

const competitors: readonly Form[] = [noTrigger, rowPerEvent, chosen]

/** Measures with pgbench, which must be on the PATH: a client that takes less of the CPU than ours. */
export async function measureThroughput(client: pg.Client, options: PgbenchOptions): Promise<Throughput[]> {
  const { url, rounds, random, say } = options
  const folder = await mkdtemp(join(tmpdir(), "pg-cutover-pgbench-"))
  const script = join(folder, "insert.sql")
  await writeFile(script, insertScript)
  const found = clientCounts.flatMap((clients) =>
    competitors.map((form) => ({
      clients,
      form: form.name,
      perSecond: new Array<number>(),
      ratio: new Array<number>(),
    })),
  )
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const clients of clientCounts) {
        const sandwiches = await runBetween(competitors, random, async (form = noTrigger) => {
          await installForm(client, form, "insert")
          const perSecond = await runPgbench(url, script, clients)
          await removeForm(client)
          return perSecond
        })
        for (const { contender, value, base } of sandwiches) {
          const one = found.find((each) => each.clients === clients && each.form === contender.name)
          one?.perSecond.push(value)
          one?.ratio.push((base[0] + base[1]) / 2 / value)
        }
      }
      say(`pgbench, round ${round} of ${rounds}`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return found
}

const insertScript = `\\set day random(0, 700)
\\set good random(1, 20000)
insert into public.returns_raw (vendor, asin, return_date, order_id, sku, quantity, reason, disposition, status, refund_amount, currency, comments)
values ('Kestrel', md5(cast(:good as text)), date '2024-12-01' + cast(:day as int), '104-0000001-0000002', 'KES-00001', 1, 'defective', 'sellable', 'received', 12.5, 'USD', 'Stopped working after two days.');
`

async function runPgbench(url: string, script: string, clients: number): Promise<number> {
  const options = [
    "--no-vacuum",
    "--protocol=prepared",
    `--client=${clients}`,
    "--jobs=1",
    `--time=${secondsEach}`,
    `--file=${script}`,
  ]
  const child = spawn("pgbench", [...options, url], { stdio: ["ignore", "pipe", "pipe"] })
  let output = ""
  const collect = (text: string): void => {
    output += text
  }
  child.stdout.setEncoding("utf8").on("data", collect)
  child.stderr.setEncoding("utf8").on("data", collect)
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.on("error", reject).on("close", resolve)
  const code = await promise
  const perSecond = Number(/^tps = ([\d.]+)/m.exec(output)?.[1])
  if (code !== 0 || !(perSecond > 0)) throw new Error(`pgbench ended with code ${code}: ${output}`)
  return perSecond
}
