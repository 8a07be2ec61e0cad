import { describe, expect, it, vi } from "vitest"
import { type TestDatabase, startServer } from "../support/database.ts"
import { launchRun, services, waitForStatus, workUntil, workUntilQuiet, worker } from "../support/runs.ts"

describe("a month that was filled", () => {
  it("is not vacuumed for that before the swap; once it is analyzed it is, as the source was", async () => {
    await using server = await startServer(undefined, { autovacuum_naptime: "1s" })
    await using database = await server.createDatabase("autovacuum")
    await using open = await services(database)
    await database.query(`
      create table t (id int, d date not null, v text, primary key (id, d)) with (autovacuum_vacuum_cost_limit = 9000);
      insert into t select g, date '2024-01-01' + g % 60, repeat('v', 100) from generate_series(1, 20000) g;`)
    const run = await launchRun(open, {
      table: "t",
      by: "d",
      options: { writes: "capture", monthsAhead: 0, monthsBack: 0, attach: "manual" },
    })
    const filled = new Set<string>()
    const expectNoVacuum = async (): Promise<void> => {
      await database.query(`
        create table filled_as_well (like t);
        insert into filled_as_well select * from t`)
      await vi.waitFor(async () => {
        expect(await vacuumsOf(database, "filled_as_well")).toBeGreaterThan(0)
      }, waiting)
      await database.query("drop table filled_as_well")
      for (const { name } of await readFilled(database)) filled.add(name)
      expect(filled.size).toBeGreaterThan(0)
      for (const name of filled) expect(await vacuumsOf(database, name)).toBe(0)
    }
    await workUntil(open, run.id, (status) => status.totals.copied >= 1)
    await expectNoVacuum()

    await workUntil(open, run.id, ({ run: { reason } }) => /ready to attach/.test(reason ?? ""))
    await expectNoVacuum()

    await database.query("update cutover.runs set gate_opened_at = clock_timestamp()")
    await workUntilQuiet(open, run.id)
    for (const { options } of await readFilled(database)) expect(options).toEqual(["autovacuum_vacuum_cost_limit=9000"])
    await vi.waitFor(async () => {
      for (const { name } of await readFilled(database)) expect(await vacuumsOf(database, name)).toBeGreaterThan(0)
    }, waiting)
  })
})

describe("a month that is vacuumed for dead rows, which would take hours,", () => {
  it("is let go of before the swap", async () => {
    await using server = await startServer(undefined, { autovacuum_naptime: "1s" })
    await using database = await server.createDatabase("autovacuum")
    await using open = await services(database)
    await database.query(`
      create table t (id int, d date not null, v text, primary key (id, d))
        with (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
      insert into t select g, date '2024-01-01' + g % 60, repeat('v', 100) from generate_series(1, 20000) g`)
    const run = await launchRun(open, {
      table: "t",
      by: "d",
      options: { writes: "capture", monthsAhead: 0, monthsBack: 0 },
    })
    await workUntil(open, run.id, (status) => status.totals.copied >= 1)
    const [filled] = await readFilled(database)
    await database.query(`update ${filled?.name} set v = v`)
    await vi.waitFor(async () => expect(await database.query(vacuuming(filled?.name ?? ""))).toHaveLength(1), waiting)
    await using _ = await worker(open, run.id)
    const { attach } = await waitForStatus(open, run.id, (status) => status.run.state === "cleanup", 30_000)
    expect(attach.swappedAt).not.toBeNull()
  })
})

const vacuuming = (table: string): string => `
  select pid from pg_stat_activity
  where backend_type = 'autovacuum worker' and query like 'autovacuum: VACUUM%public.${table}' and datname = current_database()`

const waiting = { timeout: 30_000, interval: 50 }

async function readFilled(database: TestDatabase): Promise<{ name: string; options: readonly string[] | null }[]> {
  return await database.query(
    `select relname as name, reloptions as options
     from pg_class
     where relispartition and reltuples > 0 and relkind = 'r' and relnamespace = 'public'::regnamespace
     order by 1`,
  )
}

async function vacuumsOf(database: TestDatabase, table: string): Promise<number> {
  const [found] = await database.query<{ n: number }>(
    `select autovacuum_count::int as n from pg_stat_user_tables where relname = '${table}'`,
  )
  return found?.n ?? 0
}
