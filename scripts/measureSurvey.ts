import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { runOptionsSchema } from "../src/config/runOptions.ts"
import type { TableName } from "../src/domain/tableName.ts"
import { openCluster } from "../src/embedded/cluster.ts"
import { createLogger } from "../src/log/createLogger.ts"
import type { RecordKind } from "../src/log/records.ts"
import { readOne } from "../src/postgres/Queryable.ts"
import { type Sql, sql, table } from "../src/postgres/sql.ts"
import { Worker } from "../src/runtime/Worker.ts"
import { launch } from "../src/runtime/commands/launch.ts"
import { type OpenServices, openServices } from "../src/runtime/openServices.ts"
import { readRecords } from "../src/store/log.ts"
import { readStatus } from "../src/store/status.ts"

// The measurement of docs/decisions/0003-survey.md: node scripts/measureSurvey.ts [rows]
const rows = Number(process.argv[2] ?? 2_000_000)

const folder = await mkdtemp(join(tmpdir(), "pg-cutover-measure-"))
const cluster = await openCluster({
  directory: join(folder, "server"),
  settings: { shared_buffers: "256MB", max_wal_size: "4GB" },
})
const services = await openServices({
  connectionString: cluster.url,
  role: "measure",
  actor: "measure",
  logger: createLogger("silent"),
  connections: 8,
})
try {
  say(`PostgreSQL ${cluster.major}, ${rows} rows in 24 months`)
  await measure("in order of arrival", { schema: "public", name: "by_arrival" }, sql`n`)
  await measure("shuffled", { schema: "public", name: "shuffled" }, sql`hashint8(n)`)
} finally {
  await services.close()
  await cluster.destroy()
  await rm(folder, { recursive: true, force: true })
}

/** Makes a table whose heap is in the given order, leads it to the swap, and says how much of the heap was read, and how long it took. */
async function measure(heapOrder: string, name: TableName, order: Sql): Promise<void> {
  await makeTable(name, order)
  const run = await launch(services, {
    table: name,
    by: "return_date",
    options: runOptionsSchema.parse({ writes: "block" }),
    isOptedIn: true,
  })
  await workUntilSwapped(services, run.id)
  const { heap, held, months } = await readOne<{ heap: number; held: number; months: number }>(
    services.database,
    sql`
    select r.heap_blocks::float8 as heap,
           (select sum(upper(b) - lower(b))::float8 from cutover.partitions p, unnest(p.blocks) b where p.run_id = r.id) as held,
           (select count(*)::int from cutover.partitions p where p.run_id = r.id and p.rows_copied > 0) as months
    from cutover.runs r
    where r.id = ${run.id}`,
  )
  const times = (held / heap).toFixed(1)
  say(
    `${heapOrder}: ${heap} blocks; the maps of ${months} months hold ${held}, ${times} times the heap; ${await renderTimes(run.id)}`,
  )
}

async function makeTable(name: TableName, order: Sql): Promise<void> {
  await services.database.withSession(async (session) => {
    await session.query(sql`set statement_timeout = 0`)
    await session.query(sql`
      create table ${table(name)} as
      select n as id, 'vendor ' || n % 500 as vendor, date '2024-01-01' + (n * 730 / ${rows}::bigint)::int as return_date,
             (n % 100000)::numeric / 100 as amount, repeat('x', 60) as note
      from generate_series(0::bigint, ${rows}::bigint - 1) as n
      order by ${order}`)
    await session.query(sql`vacuum (freeze, analyze) ${table(name)}`)
    session.discard()
  })
}

async function workUntilSwapped(open: OpenServices, runId: string): Promise<void> {
  const worker = await Worker.start(open, { runId, lanes: 2 })
  try {
    for (;;) {
      const { run } = await readStatus(open.database, runId)
      if (run.control === "halted") throw new Error(run.reason ?? "the run halted")
      if (run.state === "cleanup") return
      await sleep(200)
    }
  } finally {
    await worker.stop()
  }
}

/** Months are compared while others are still copied, so the two go together. */
async function renderTimes(runId: string): Promise<string> {
  const records = await readRecords(services.database, runId, 0)
  const momentOf = (kind: RecordKind): number => Date.parse(records.find((record) => record.kind === kind)?.at ?? "")
  const secondsBetween = (from: RecordKind, to: RecordKind): string =>
    ((momentOf(to) - momentOf(from)) / 1000).toFixed(1)
  const prep = secondsBetween("run.launched", "prep.completed")
  return `prep ${prep} s, copy and validation ${secondsBetween("prep.completed", "validate.completed")} s`
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
