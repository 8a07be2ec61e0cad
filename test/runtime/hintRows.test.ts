import { expect, it } from "vitest"
import { passJob } from "../../src/runtime/door.ts"
import { type TestDatabase, createDatabase, startServer } from "../support/database.ts"
import { nobody, stepTo } from "../support/jobs.ts"
import { launchRun, services } from "../support/runs.ts"
import { mainMajor } from "../support/testClusters.ts"

type Way = { readonly strategy: string; readonly task: string; readonly days: number; readonly order: string }

/** Some 40 MB of so many days, in their order or in none. */
async function createTable(database: TestDatabase, { days, order }: Pick<Way, "days" | "order">): Promise<void> {
  await database.query(`
    create extension pageinspect;
    create table t (id int primary key, d date not null, v text);
    insert into t select g, date '2024-01-01' + g % ${days}, repeat('v', 450) from generate_series(1, 80000) g order by ${order}`)
}

/** Copies the first batch of such a table: its rows, and how many of them do not say that they are committed. */
async function copyFirst(database: TestDatabase, way: Way): Promise<{ rows: number; unhinted: number } | undefined> {
  await using open = await services(database)
  await createTable(database, way)
  const run = await launchRun(open, { table: "t", by: "d", options: { monthsAhead: 0, monthsBack: 0, parallel: 1 } })
  await passJob(open, await stepTo(open, run.id, way.task), nobody)
  const [copied] = await database.query<{ rows: number; unhinted: number }>(`
    select count(*)::int as rows, (count(*) filter (where t_infomask & 256 = 0))::int as unhinted
    from pg_class c
    cross join lateral generate_series(0, pg_relation_size(c.oid) / 8192 - 1) as block
    cross join lateral heap_page_items(get_raw_page(c.oid::regclass::text, block::int)) as item
    where c.relname like 't\\_2024\\_%' and c.relkind = 'r' and item.t_xmin is not null`)
  return copied
}

const sweep = { strategy: "a sweep", task: "sweep", days: 150, order: "md5(g::text)" }
const ways: readonly Way[] = [sweep, { strategy: "a copy by months", task: "copy", days: 60, order: "g % 60, g" }]

it.each(ways)(
  "rows of $strategy say that they are committed, where a checkpoint may come before the indexes",
  async (way) => {
    // A checkpoint begins after half of it.
    await using server = await startServer(mainMajor, { max_wal_size: "32MB" })
    await using database = await server.createDatabase("hinted")
    const copied = await copyFirst(database, way)
    expect(copied?.rows).toBeGreaterThan(1_000)
    expect(copied?.unhinted).toBe(0)
  },
)

it("rows are left to whoever reads them next, where no checkpoint is to be expected", async () => {
  await using database = await createDatabase("unhinted")
  const copied = await copyFirst(database, sweep)
  expect(copied?.rows).toBeGreaterThan(1_000)
  expect(copied?.unhinted).toBe(copied?.rows)
})
