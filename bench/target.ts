import type pg from "pg"
import { nextStart } from "../src/domain/interval.ts"
import type { DataFacts, Heap } from "./BenchResult.ts"
import { key, source } from "./returns.ts"

/** The partitioned table that all but our own run fill, where they do not make another. */
export const target = "public.returns_by_month"

export type Month = { readonly label: string; readonly from: string; readonly to: string; readonly table: string }

export function monthsOf({ months }: DataFacts): Month[] {
  return Object.keys(months).map((label) => {
    const from = `${label}-01`
    return { label, from, to: nextStart("month", from), table: `${target}_${label.replace("-", "_")}` }
  })
}

/** The target with its keys and indexes, and no partitions. */
export async function createTarget(client: pg.Client, heap: Heap): Promise<void> {
  await client.query(`create table ${target} (like ${source} including defaults) partition by range (${key})`)
  for (const statement of indexStatements(target, heap)) await client.query(statement)
}

/** The target with a partition for each month: rows that arrive are entered into all indexes at once. */
export async function createFullTarget(client: pg.Client, data: DataFacts): Promise<void> {
  await createTarget(client, data.heap)
  for (const { table, from, to } of monthsOf(data)) {
    await client.query(`create table ${table} partition of ${target} for values from ('${from}') to ('${to}')`)
  }
}

/** A month alone, without any index. The CHECK proves its bounds, so that attaching it reads nothing. */
export function monthStatement({ table, from, to }: Month): string {
  return `create table ${table} (
    like ${source} including defaults,
    constraint month_bounds check (${key} is not null and ${key} >= '${from}' and ${key} < '${to}')
  )`
}

/** The source's key, extended by the date, and its indexes. */
export function indexStatements(table: string, heap: Heap): string[] {
  return [
    `alter table ${table} add primary key (id, ${key})`,
    `create index on ${table} (vendor, ${key})`,
    `create index on ${table} (asin)`,
    ...(heap === "unindexed" ? [] : [`create index on ${table} (${key})`]),
  ]
}

export function attachStatements({ table, from, to }: Month): string[] {
  return [
    `alter table ${target} attach partition ${table} for values from ('${from}') to ('${to}')`,
    `alter table ${table} drop constraint month_bounds`,
  ]
}
