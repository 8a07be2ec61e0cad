import { isDeepStrictEqual } from "node:util"
import type pg from "pg"
import { createFlights } from "../src/cli/demo/flights.ts"
import type { DataFacts } from "./BenchResult.ts"
import { sum } from "./statistics.ts"

export const flightsTable = "public.flights"

/** Loads the real flights, or as many of the earliest as wanted, and says what they are. */
export async function loadFlights(client: pg.Client, rows: number | undefined): Promise<DataFacts> {
  await createFlights(client)
  if (rows !== undefined) {
    await client.query(`delete from ${flightsTable} where id > $1`, [rows])
    await client.query(`vacuum (full, analyze) ${flightsTable}`)
  }
  const { heapBytes, totalBytes } = await readSizes(client)
  const months = Object.fromEntries((await readMonths(client, flightsTable)).map((one) => [one.month, one.rows]))
  return { table: flightsTable, rows: sum(Object.values(months)), heapBytes, totalBytes, months }
}

/** Throws unless the table is partitioned, holds what was loaded, and each month is in one partition of its own. */
export async function assertPartitioned(client: pg.Client, table: string, data: DataFacts): Promise<void> {
  const found = await readMonths(client, table)
  const months = Object.fromEntries(found.map((one) => [one.month, one.rows]))
  const isApart = new Set(found.map((one) => one.table)).size === found.length
  const { rows } = await client.query<{ relkind: string }>("select relkind from pg_class where oid = $1::regclass", [
    table,
  ])
  if (rows[0]?.relkind === "p" && isApart && isDeepStrictEqual(months, data.months)) return
  throw new Error(`${table} is not what was loaded: ${JSON.stringify(found)} instead of ${JSON.stringify(data.months)}`)
}

type MonthRows = { readonly table: string; readonly month: string; readonly rows: number }

async function readMonths(client: pg.Client, table: string): Promise<MonthRows[]> {
  const { rows } = await client.query<MonthRows>(
    `select tableoid::regclass::text as table, to_char(date, 'YYYY-MM') as month, count(*)::int as rows
     from ${table}
     group by 1, 2
     order by 2, 1`,
  )
  return rows
}

async function readSizes(client: pg.Client): Promise<{ heapBytes: number; totalBytes: number }> {
  const { rows } = await client.query<{ heapBytes: number; totalBytes: number }>(
    `select pg_relation_size($1::regclass)::float8 as "heapBytes", pg_total_relation_size($1::regclass)::float8 as "totalBytes"`,
    [flightsTable],
  )
  if (rows[0] === undefined) throw new Error("no sizes")
  return rows[0]
}
