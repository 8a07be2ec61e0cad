import { describe, expect, it } from "vitest"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { launchAndWork, services } from "../support/runs.ts"

/** What an application asks of its returns, each for a stretch of time. */
const queries: Readonly<Record<string, string>> = {
  "a vendor's returns of a month":
    "select * from returns_raw where vendor = 'v7' and return_date >= '2024-11-01' and return_date < '2024-12-01'",
  "one article's returns of a quarter":
    "select * from returns_raw where asin = 'B77' and return_date >= '2024-07-01' and return_date < '2024-10-01'",
  "a day": "select * from returns_raw where return_date = '2024-05-05'",
  "returns of a month by vendor":
    "select vendor, count(*), sum(amount) from returns_raw where return_date >= '2024-03-01' and return_date < '2024-04-01' group by vendor",
  "the newest of a vendor in a month":
    "select * from returns_raw where vendor = 'v3' and return_date >= '2024-12-01' and return_date < '2025-01-01' order by return_date desc limit 10",
  "one row by its whole key":
    "select * from returns_raw where id = 4711 and return_date = date '2024-01-01' + 4711 % 366",
  "how many in a week":
    "select count(*) from returns_raw where return_date >= '2024-06-03' and return_date < '2024-06-10'",
  "vendors and articles of a day":
    "select distinct vendor, asin from returns_raw where return_date = '2024-08-08' and amount > 100",
  "an article's sum by month":
    "select date_trunc('month', return_date), sum(amount) from returns_raw where asin = 'B5' and return_date >= '2024-10-01' and return_date < '2025-01-01' group by 1",
  "the whole year": "select count(*), sum(amount) from returns_raw",
}

type Plan = {
  readonly "Node Type": string
  readonly "Relation Name"?: string
  readonly "Index Name"?: string
  readonly "Total Cost": number
  readonly "Shared Hit Blocks": number
  readonly "Shared Read Blocks": number
  readonly Plans?: readonly Plan[]
}

type Seen = { readonly cost: number; readonly buffers: number; readonly relations: number; readonly hasIndex: boolean }

async function explain(database: TestDatabase, query: string): Promise<Seen> {
  // The second time the catalog is in the caches, so that only blocks of the table and its indexes are counted.
  await database.query(`explain (analyze, buffers, format json) ${query}`)
  const [row] = await database.query<{ "QUERY PLAN": [{ Plan: Plan }] }>(
    `explain (analyze, buffers, format json) ${query}`,
  )
  const { Plan: plan } = row!["QUERY PLAN"][0]
  const nodes = nodesOf(plan)
  return {
    cost: plan["Total Cost"],
    buffers: plan["Shared Hit Blocks"] + plan["Shared Read Blocks"],
    relations: new Set(nodes.flatMap((node) => node["Relation Name"] ?? [])).size,
    hasIndex: nodes.some((node) => node["Index Name"] !== undefined),
  }
}

function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]
}

/**
 * What partitions cost whatever one does: each index has a root of its own, and Append hands on every row, which the
 * planner puts at half a cpu_tuple_cost (a seventh of what a scan of this table costs).
 */
function isWorse(was: Seen, is: Seen): boolean {
  return is.buffers > was.buffers + 4 * is.relations || is.cost > was.cost * 1.15 + 10 * is.relations
}

describe("the plans of an application's queries", () => {
  it("read only the partitions they need, by their indexes, and are no worse than before", async () => {
    await using database = await createDatabase("plans")
    await using open = await services(database)
    await database.query(`
      create table returns_raw (id bigint generated always as identity primary key, vendor text not null, asin text not null,
                                return_date date not null, amount numeric(10, 2), note text);
      insert into returns_raw (vendor, asin, return_date, amount, note)
      select 'v' || g % 40, 'B' || g % 900, date '2024-01-01' + g % 366, g % 500, repeat('x', 60) from generate_series(1, 120000) g;
      create index returns_raw_vendor on returns_raw (vendor, return_date);
      create index returns_raw_asin on returns_raw (asin, return_date);
      create index returns_raw_date on returns_raw (return_date)`)
    await database.query("vacuum analyze returns_raw")
    const before = new Map<string, Seen>()
    for (const [name, query] of Object.entries(queries)) before.set(name, await explain(database, query))
    await launchAndWork(open, {
      table: "returns_raw",
      by: "return_date",
      options: { batchTargetMs: 500, monthsAhead: 0, monthsBack: 0 },
    })
    await database.query("vacuum returns_raw")
    const worse: unknown[] = []
    const tooMany: unknown[] = []
    for (const [name, query] of Object.entries(queries)) {
      const [was, is] = [before.get(name)!, await explain(database, query)]
      if (isWorse(was, is)) worse.push({ name, was, is })
      if (name !== "the whole year" && is.relations > 3) tooMany.push({ name, is })
    }
    expect({ worse, tooMany }).toEqual({ worse: [], tooMany: [] })
    expect((await explain(database, queries["a vendor's returns of a month"]!)).hasIndex).toBe(true)
    expect((await explain(database, queries["one article's returns of a quarter"]!)).hasIndex).toBe(true)
  })
})
