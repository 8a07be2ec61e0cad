import { availableParallelism } from "node:os"
import pg from "pg"
import type { DataFacts } from "../BenchResult.ts"
import { assertPartitioned, columns, key, source } from "../returns.ts"
import type { Copy } from "../server.ts"
import {
  type Month,
  attachStatements,
  createTarget,
  indexStatements,
  monthStatement,
  monthsOf,
  target,
} from "../target.ts"
import { timed } from "../timed.ts"
import type { Contender } from "./Contender.ts"

/**
 * The floor under our own run: the statements of its copy, on as many connections, by a script that knows beforehand in
 * which blocks each month lies, and has no jobs, checkpoints, capture or proof.
 */
export function bare(parallel: number): Contender {
  return {
    kind: "bare",
    name: `bare script, ${parallel} at once`,
    says: "the statements of our copy alone: tables without indexes, each month out of its blocks (shuffled: one sweep that PostgreSQL routes), then indexes, then ATTACH; no jobs, checkpoints, capture, statistics or proof. It is told where the rows are.",
    parallel,
    prepare: async ({ client }, data) => {
      await createTarget(client, data.heap)
      await client.query(blocksSql)
    },
    run: async (copy, data) => {
      const lanes = await openLanes(copy, parallel)
      try {
        const parts = data.heap === "ordered" ? await copyMonths(lanes, data) : await sweep(lanes, data)
        return { ms: Object.values(parts).reduce((total, ms) => total + ms, 0), process: null, parts }
      } finally {
        await Promise.all(lanes.map((lane) => lane.end()))
      }
    },
    check: async ({ client }, data) => await assertPartitioned(client, target, data),
  }
}

/** The session settings of our builds of indexes: each lane sorts on its own core, with workers where there are cores to spare. */
async function openLanes({ url }: Copy, count: number): Promise<pg.Client[]> {
  return await Promise.all(
    Array.from({ length: count }, async () => {
      const lane = new pg.Client({ connectionString: url, application_name: "bench bare" })
      // The query that suffers from a lost connection says so itself.
      lane.on("error", () => {})
      await lane.connect()
      await lane.query("set maintenance_work_mem = '256MB'")
      const workers = Math.max(0, Math.floor(availableParallelism() / count) - 1)
      await lane.query(
        "select set_config('max_parallel_maintenance_workers', least(current_setting('max_parallel_maintenance_workers')::int, $1)::text, false)",
        [workers],
      )
      return lane
    }),
  )
}

type Parts = Record<string, number>

/** Month after month, each by one lane from its table to its ATTACH. */
async function copyMonths(lanes: readonly pg.Client[], data: DataFacts): Promise<Parts> {
  const blocks = await readBlocks(lanes[0])
  const ms = await timed(() =>
    share(lanes, monthsOf(data), async (lane, month) => {
      await lane.query(monthStatement(month))
      const { first = 0, end = 0 } = blocks.get(month.label) ?? {}
      await lane.query(
        `insert into ${month.table} (${columns})
         select ${columns} from only ${source}
         where ctid >= '(${first},0)' and ctid < '(${end},0)' and ${key} >= '${month.from}' and ${key} < '${month.to}'`,
      )
      await finish(lane, month, data)
    }),
  )
  return { "copy, indexes, ATTACH": ms }
}

const loader = "public.returns_loading"

/** All months at once, a stretch of the heap for each lane; then the indexes, month after month. */
async function sweep(lanes: readonly pg.Client[], data: DataFacts): Promise<Parts> {
  const [first] = lanes
  const months = monthsOf(data)
  const copyMs = await timed(async () => {
    await first?.query(`create table ${loader} (like ${source}) partition by range (${key})`)
    for (const month of months) {
      await first?.query(monthStatement(month))
      await first?.query(
        `alter table ${loader} attach partition ${month.table} for values from ('${month.from}') to ('${month.to}')`,
      )
    }
    await share(lanes, stretches(data, lanes.length), async (lane, { from, end }) => {
      await lane.query(
        `insert into ${loader} (${columns})
         select ${columns} from only ${source} where ctid >= '(${from},0)' and ctid < '(${end},0)'`,
      )
    })
    for (const { table } of months) await first?.query(`alter table ${loader} detach partition ${table}`)
    await first?.query(`drop table ${loader}`)
  })
  const indexMs = await timed(() => share(lanes, months, (lane, month) => finish(lane, month, data)))
  return { sweep: copyMs, "indexes and ATTACH": indexMs }
}

async function finish(lane: pg.Client, month: Month, { heap }: DataFacts): Promise<void> {
  for (const statement of [...indexStatements(month.table, heap), ...attachStatements(month)])
    await lane.query(statement)
}

/** Each lane takes the next item when it is through with its last. */
async function share<T>(
  lanes: readonly pg.Client[],
  items: readonly T[],
  work: (lane: pg.Client, item: T) => Promise<void>,
): Promise<void> {
  const left = items.values()
  await Promise.all(
    lanes.map(async (lane) => {
      for (const item of left) await work(lane, item)
    }),
  )
}

type Stretch = { readonly from: number; readonly end: number }

const pageBytes = 8192

function stretches({ heapBytes }: DataFacts, count: number): Stretch[] {
  const blocks = heapBytes / pageBytes
  const edge = (n: number): number => Math.floor((n * blocks) / count)
  return Array.from({ length: count }, (_, n) => ({ from: edge(n), end: edge(n + 1) }))
}

/** Not timed: our own run looks for the blocks in its survey, before its copy. */
const blocksSql = `
create table public.bench_blocks as
select to_char(${key}, 'YYYY-MM') as label, min(block) as first, max(block) + 1 as end
from (select ${key}, (ctid::text::point)[0]::int as block from ${source}) as rows
group by 1`

async function readBlocks(lane: pg.Client | undefined): Promise<Map<string, { first: number; end: number }>> {
  const found = await lane?.query<{ label: string; first: number; end: number }>(
    `select label, first, "end" from public.bench_blocks`,
  )
  return new Map((found?.rows ?? []).map(({ label, first, end }) => [label, { first, end }]))
}
