import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openCluster } from "../src/embedded/cluster.ts"
import { Database } from "../src/postgres/Database.ts"
import { type Queryable, readOne } from "../src/postgres/Queryable.ts"
import { describeTable } from "../src/postgres/catalog/describeTable.ts"
import { type Sql, ident, sql } from "../src/postgres/sql.ts"
import { hashOfRecord, hashOfRow } from "../src/steps/validate/rowHash.ts"

// The measurement of docs/decisions/0004-row-hash.md: node scripts/measureRowHash.ts [rows] [rounds]
const rows = Number(process.argv[2] ?? 2_000_000)
const rounds = Number(process.argv[3] ?? 7)

/** One core, and the table in memory: what is measured is the hashing. */
const settings = {
  shared_buffers: "1GB",
  max_parallel_workers_per_gather: "0",
  jit: "off",
  fsync: "off",
  autovacuum: "off",
}

const folder = await mkdtemp(join(tmpdir(), "pg-cutover-measure-"))
const cluster = await openCluster({ directory: join(folder, "server"), settings })
const database = new Database({ connectionString: cluster.url, applicationName: "cutover/measure" })
try {
  await database.withSession(measure)
} finally {
  await database.end()
  await cluster.destroy()
  await rm(folder, { recursive: true, force: true })
}

async function measure(db: Queryable): Promise<void> {
  await db.query(sql`set statement_timeout = 0`)
  await makeTable(db)
  const { oid, version } = await readOne<{ oid: number; version: string }>(
    db,
    sql`select 'public.returns_raw'::regclass::oid as oid, current_setting('server_version') as version`,
  )
  const columns = (await describeTable(db, oid))?.columns ?? []
  const hash = hashOfRow(columns)
  const isSettled = sql`not exists (select from public.changes c where c.id = t.id)`
  const candidates: readonly (readonly [name: string, statement: Sql])[] = [
    ["count(*) alone", sql`select count(*) from public.returns_raw`],
    ["what validate sums", sql`select sum(${hash}) from public.returns_raw`],
    ["the same, all columns a record", sql`select sum(${hashOfRecord(columns)}) from public.returns_raw`],
    ["what validate sums, rows asked", sql`select sum(${hash}) from public.returns_raw t where ${isSettled}`],
    ["hash_record_extended(t, 0)", sql`select sum(hash_record_extended(t, 0)) from public.returns_raw t`],
    ["hashtextextended(t::text, 0)", sql`select sum(hashtextextended(t::text, 0)) from public.returns_raw t`],
    ["md5(t::text)", sql`select sum(('x' || left(md5(t::text), 16))::bit(64)::bigint) from public.returns_raw t`],
  ]
  const timings = await time(db, candidates)
  say(`PostgreSQL ${version}, ${rows} rows of ${columns.length} columns, one core, ${rounds} rounds, interleaved`)
  for (const [name, all] of timings) say(`${name.padEnd(32)} ${renderTimes(all)}`)
  say(`validate sums: ${hash.text}`)
}

async function makeTable(db: Queryable): Promise<void> {
  await db.query(sql`
    create table public.returns_raw as
    select n as id,
           'vendor ' || n % 500 as vendor,
           'B' || lpad((n * 7919 % 1000000)::text, 9, '0') as asin,
           date '2024-01-01' + (n % 700)::int as return_date,
           (n % 9)::int as quantity,
           (n % 100000)::numeric / 100 as amount,
           timestamptz '2024-01-01 00:00:00+00' + n * interval '1 second' as received_at
    from generate_series(1::bigint, ${rows}::bigint) as n`)
  for (const column of ["id", "vendor", "asin", "return_date", "quantity"])
    await db.query(sql`alter table public.returns_raw alter ${ident(column)} set not null`)
  // A change log as it is most of the time: empty.
  await db.query(sql`create table public.changes (id bigint)`)
  await db.query(sql`vacuum (freeze, analyze) public.returns_raw`)
}

/** Milliseconds of each statement in each round, one after the other in turn; the round before the first warms up. */
async function time(db: Queryable, candidates: readonly (readonly [string, Sql])[]): Promise<Map<string, number[]>> {
  const timings = new Map<string, number[]>(candidates.map(([name]) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const [name, statement] of candidates) {
      const startedAt = performance.now()
      await db.query(statement)
      if (round > 0) timings.get(name)?.push(performance.now() - startedAt)
    }
  }
  return timings
}

function renderTimes(timesMs: readonly number[]): string {
  const sorted = timesMs.toSorted((a, b) => a - b)
  const medianMs = sorted[Math.floor(sorted.length / 2)] ?? 0
  const [median, least, most] = [medianMs, sorted[0] ?? 0, sorted.at(-1) ?? 0].map((ms) => (ms / 1000).toFixed(2))
  return `median ${median} s (${least} to ${most}), ${(rows / medianMs / 1000).toFixed(2)} M rows/s`
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
