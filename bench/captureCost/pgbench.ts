import { spawn } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type pg from "pg"
import { type Form, chosen, noTrigger, rowPerEvent } from "./forms.ts"
import { installForm, removeForm } from "./measure.ts"

/** Inserts of single rows by so many clients at once; each list has one value a round. */
export type Throughput = {
  readonly clients: number
  readonly form: string
  readonly perSecond: readonly number[]
}

export type PgbenchOptions = { readonly url: string; readonly rounds: number; readonly say: (line: string) => void }

/** One client waits for the disk; eight share its flushes, so that CPU is what they are short of. */
const clientCounts = [1, 8]
const secondsEach = 2

const competitors: readonly Form[] = [noTrigger, { ...noTrigger, name: "no trigger, again" }, rowPerEvent, chosen]

/** Measures with pgbench, which must be on the PATH: a client that takes less of the CPU than ours. */
export async function measureThroughput(client: pg.Client, options: PgbenchOptions): Promise<Throughput[]> {
  const folder = await mkdtemp(join(tmpdir(), "pg-cutover-pgbench-"))
  const script = join(folder, "insert.sql")
  await writeFile(script, insertScript)
  const found = competitors.flatMap((form) => clientCounts.map((clients) => ({ form, clients, perSecond: new Array<number>() })))
  try {
    for (let round = 1; round <= options.rounds; round++) {
      for (const one of round % 2 === 0 ? found : found.toReversed()) {
        await installForm(client, one.form, "insert")
        one.perSecond.push(await runPgbench(options.url, script, one.clients))
        await removeForm(client)
      }
      options.say(`pgbench, round ${round} of ${options.rounds}`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return found.map(({ form, clients, perSecond }) => ({ clients, form: form.name, perSecond }))
}

const insertScript = `\\set day random(0, 700)
\\set good random(1, 20000)
insert into public.returns_raw (vendor, asin, return_date, order_id, sku, quantity, reason, disposition, status, refund_amount, currency, comments)
values ('Kestrel', md5(cast(:good as text)), date '2024-12-01' + cast(:day as int), '104-0000001-0000002', 'KES-00001', 1, 'defective', 'sellable', 'received', 12.5, 'USD', 'Stopped working after two days.');
`

async function runPgbench(url: string, script: string, clients: number): Promise<number> {
  const options = ["--no-vacuum", "--protocol=prepared", `--client=${clients}`, "--jobs=1", `--time=${secondsEach}`, `--file=${script}`]
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
