import { expect, it } from "vitest"
import { createDatabase } from "../support/database.ts"
import { contentOf } from "../support/oracle.ts"
import { launchRun, services, workUntilQuiet } from "../support/runs.ts"

const orders = [
  { order: "g", name: "in order" },
  { order: "md5(g::text)", name: "shuffled" },
]

it.each(orders)(
  "a month that came after the last ANALYZE is read by its blocks, and not by its index ($name)",
  async ({ order }) => {
    await using database = await createDatabase("stale")
    await database.query(`
    create table t (id int primary key, d date not null, v text);
    create index t_d on t (d);
    alter table t set (autovacuum_enabled = off);
    insert into t select g, date '2024-01-01' + g / 1000, repeat('v', 200) from generate_series(1, 60000) g order by ${order};
    analyze t;
    insert into t select g, date '2024-05-01' + (g - 60000) / 2000, repeat('v', 200) from generate_series(60001, 160000) g order by ${order}`)
    const before = await contentOf(database, "t")
    {
      await using open = await services(database)
      const run = await launchRun(open, { table: "t", by: "d" })
      const status = await workUntilQuiet(open, run.id)
      expect(status.run).toMatchObject({ state: "cleanup", error: null })
      expect(status.totals.batches).toBeGreaterThan(10)
    }
    expect(await contentOf(database, "t")).toEqual(before)
    // What the sessions that are closed now have read by it: a look at its ends, and no month.
    const read = await database.query<{ tuples: string }>(
      "select idx_tup_read as tuples from pg_stat_user_indexes where relid = 't_legacy'::regclass and indexrelname like '%t_d%'",
    )
    expect(read).toHaveLength(1)
    expect(Number(read[0]?.tuples)).toBeLessThan(5_000)
  },
)
