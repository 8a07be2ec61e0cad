import { describe, expect, it } from "vitest"
import type { Status } from "../../src/domain/status.ts"
import { abort } from "../../src/runtime/commands/abort.ts"
import { openGate } from "../../src/runtime/commands/attach.ts"
import type { OpenServices } from "../../src/runtime/openServices.ts"
import { createDatabase } from "../support/database.ts"
import { contentOf, namesOf, partitionsOf } from "../support/oracle.ts"
import { launchAndWork, launchRun, services, workUntil, workUntilQuiet } from "../support/runs.ts"

const bound = (from: string, to: string): string => `FOR VALUES FROM ('${from}') TO ('${to}')`

describe("a whole run", () => {
  it.each(["date", "timestamp", "timestamptz"])(
    "partitions a table by a key of type %s, with the same rows",
    async (type) => {
      await using database = await createDatabase("whole")
      await using open = await services(database)
      await database.query(`
      create table returns_raw (id bigserial primary key, vendor text not null, asin text, return_date ${type} not null,
                                quantity int, refund numeric(12, 2), note text default 'none');
      create index returns_vendor on returns_raw (vendor, return_date);
      comment on column returns_raw.asin is 'the article';
      insert into returns_raw (vendor, asin, return_date, quantity, refund)
      select 'v' || g % 7, 'B' || g, timestamp '2024-01-01' + g * interval '97 minutes', g % 5, g / 100.0
      from generate_series(1, 6000) g`)
      const before = await contentOf(database, "returns_raw")

      const status = await launchAndWork(open, { table: "returns_raw", by: "return_date" })

      expect(status.run).toMatchObject({ state: "cleanup", control: "waiting", error: null })
      expect(await contentOf(database, "returns_raw")).toEqual(before)
      expect(await contentOf(database, "returns_raw_legacy")).toEqual(before)
      expect(status.totals.rowsCopied).toBe(6000)
      const partitions = await partitionsOf(database, "returns_raw")
      expect(partitions.slice(0, 2).map((one) => one.name)).toEqual(["returns_raw_2024_01", "returns_raw_2024_02"])
      expect(partitions.reduce((all, one) => all + one.rows, 0)).toBe(6000)
      expect(await namesOf(database, "returns_raw")).toEqual([
        "constraint returns_raw_pkey",
        "index returns_raw_pkey",
        "index returns_vendor",
      ])
    },
  )

  it("makes partitions for every month that holds rows, and for the seeded ones around today", async () => {
    await using database = await createDatabase("seeded")
    await using open = await services(database)
    await database.query(`
      create table t (id int primary key, d date not null);
      insert into t values (1, '1999-12-31'), (2, '2000-01-01'), (3, '2024-02-29')`)

    await launchAndWork(open, { table: "t", by: "d", options: { monthsBack: 2, monthsAhead: 3 } })

    const partitions = await partitionsOf(database, "t")
    expect(partitions).toContainEqual({ name: "t_1999_12", bound: bound("1999-12-01", "2000-01-01"), rows: 1 })
    expect(partitions).toContainEqual({ name: "t_2000_01", bound: bound("2000-01-01", "2000-02-01"), rows: 1 })
    expect(partitions).toContainEqual({ name: "t_2024_02", bound: bound("2024-02-01", "2024-03-01"), rows: 1 })
    const [{ months } = { months: [] as string[] }] = await database.query<{ months: string[] }>(
      `select array_agg(to_char(m, '"t_"YYYY_MM') order by m) as months
       from generate_series(date_trunc('month', now()) - interval '2 months', now() + interval '3 months', interval '1 month') m`,
    )
    expect(partitions.map((one) => one.name).filter((name) => months.includes(name))).toEqual(months)
    expect(partitions).toHaveLength(3 + 6)
  })

  it("partitions an empty table", async () => {
    await using database = await createDatabase("empty")
    await using open = await services(database)
    await database.query("create table t (id int primary key, d date not null)")
    const status = await launchAndWork(open, { table: "t", by: "d" })
    expect(status.run).toMatchObject({ state: "cleanup", error: null })
    expect(await partitionsOf(database, "t")).toHaveLength(7)
  })

  it("lets a serial column and an identity column go on where they were", async () => {
    await using database = await createDatabase("sequences")
    await using open = await services(database)
    await database.query(`
      create table t (id bigint generated always as identity (start 100) primary key, n serial, d date not null);
      insert into t (d) select '2024-01-01' from generate_series(1, 50)`)
    const run = await launchRun(open, { table: "t", by: "d", options: { fallbackWindowMs: 0, dropLegacy: "auto" } })
    const status = await workUntilDone(open, run.id)
    expect(status.run.state).toBe("done")
    const [row] = await database.query("insert into t (d) values ('2024-01-02') returning id::int, n")
    expect(row).toEqual({ id: 150, n: 51 })
    const [owned] = await database.query(
      "select pg_get_serial_sequence('t', 'n') as serial, pg_get_serial_sequence('t', 'id') as identity",
    )
    expect(owned).toEqual({ serial: "public.t_n_seq", identity: "public.t_id_seq" })
  })

  it("drops the legacy table by itself when the fallback window is over and that was asked for", async () => {
    await using database = await createDatabase("auto")
    await using open = await services(database)
    await database.query("create table t (id int primary key, d date not null); insert into t values (1, '2024-01-01')")
    const status = await launchAndWork(open, {
      table: "t",
      by: "d",
      options: { fallbackWindowMs: 200, dropLegacy: "auto" },
    })
    expect(status.run).toMatchObject({ state: "cleanup", control: "waiting" })
    const later = await workUntilDone(open, status.run.id)
    expect(later.run.state).toBe("done")
    expect(await database.query("select to_regclass('t_legacy') as legacy")).toEqual([{ legacy: null }])
  })

  it("sends rows without a key to a default partition when so asked", async () => {
    await using database = await createDatabase("nulls")
    await using open = await services(database)
    await database.query(`
      create table t (id int primary key, d date);
      insert into t select g, case when g % 3 = 0 then null else date '2024-01-01' + g end from generate_series(1, 300) g`)
    const before = await contentOf(database, "t")
    const status = await launchAndWork(open, { table: "t", by: "d", options: { nullKeys: "default-partition" } })
    expect(status.run).toMatchObject({ state: "cleanup", error: null })
    expect(await contentOf(database, "t")).toEqual(before)
    expect(await partitionsOf(database, "t")).toContainEqual({ name: "t_default", bound: "DEFAULT", rows: 100 })
    await database.query("insert into t values (1000, '1950-01-01')")
    await expect(database.query("insert into t values (3, null), (3, null)")).resolves.toBeDefined()
    await expect(database.query("insert into t values (1, '2024-01-02')")).rejects.toMatchObject({ code: "23505" })
  })

  it("carries over owner, grants, comments, checks, foreign keys and generated columns", async () => {
    await using database = await createDatabase("carried")
    await using open = await services(database)
    const role = `r_${database.name}`
    await database.query(`
      create role ${role};
      create table vendors (name text primary key);
      insert into vendors values ('a'), ('b');
      create table t (id int primary key, d date not null, vendor text references vendors, price numeric check (price > 0),
                      doubled numeric generated always as (price * 2) stored) with (fillfactor = 80);
      comment on table t is 'it''s a table';
      grant select, insert on t to ${role};
      insert into t (id, d, vendor, price) select g, date '2024-01-01' + g % 70, 'a', g from generate_series(1, 500) g`)
    const before = await contentOf(database, "t")
    await launchAndWork(open, { table: "t", by: "d" })
    expect(await contentOf(database, "t")).toEqual(before)
    await expect(
      database.query("insert into t (id, d, vendor, price) values (900, '2024-01-01', 'nobody', 1)"),
    ).rejects.toMatchObject({ code: "23503" })
    await expect(
      database.query("insert into t (id, d, vendor, price) values (900, '2024-01-01', 'a', -1)"),
    ).rejects.toMatchObject({ code: "23514" })
    const [facts] = await database.query(`
      select obj_description('t'::regclass) as comment, has_table_privilege('${role}', 't', 'insert') as granted,
             (select reloptions from pg_class where oid = 't_2024_01'::regclass) as options`)
    expect(facts).toEqual({ comment: "it's a table", granted: true, options: ["fillfactor=80"] })
    await database.query(`drop owned by ${role}`)
    await database.query(`drop role ${role}`)
  })

  it("handles names that need quoting, long ones, and a table called as our aliases are", async () => {
    for (const table of [
      '"Mixed Case"."re ""turns"""',
      `public."${"x".repeat(63)}"`,
      "cutover_range",
      "cutover_zone",
      "r",
    ]) {
      await using database = await createDatabase("names")
      await using open = await services(database)
      await database.query(`
        create schema "Mixed Case";
        create table ${table} (id int primary key, "Order" date not null, low int, block int, ctid_ int);
        insert into ${table} select g, date '2024-01-01' + g, g, g from generate_series(1, 100) g`)
      const before = await contentOf(database, table)
      const status = await launchAndWork(open, { table, by: "Order" })
      expect(status.run, table).toMatchObject({ state: "cleanup", error: null })
      expect(await contentOf(database, table)).toEqual(before)
      expect((await partitionsOf(database, table)).filter((one) => one.rows > 0)).toHaveLength(4)
    }
  })

  it("refuses writes while it runs, with a message that names the run, and takes them again after the swap", async () => {
    await using database = await createDatabase("block")
    await using open = await services(database)
    await database.query("create table t (id int primary key, d date not null); insert into t values (1, '2024-01-01')")
    const run = await launchRun(open, { table: "t", by: "d", options: { attach: "manual" } })
    const held = await workUntilQuietOrGate(open, run.id)
    expect(held.run).toMatchObject({ state: "attach", control: "waiting" })
    for (const statement of [
      "insert into t values (2, '2024-01-02')",
      "update t set id = 3",
      "delete from t",
      "truncate t",
    ]) {
      await expect(database.query(statement)).rejects.toMatchObject({
        code: "55000",
        message: expect.stringContaining(run.id) as string,
      })
    }
    await openGate(open, run.id)
    await workUntilQuiet(open, run.id)
    await database.query("insert into t values (2, '2024-01-02')")
    expect((await contentOf(database, "t")).rows).toBe("2")
  })

  it("builds only the asked-for indexes while the opt-in variable is unset", async () => {
    await using database = await createDatabase("optin")
    await using open = await services(database)
    await database.query(
      "create table t (id int primary key, vendor text, d date not null); insert into t values (1, 'v', '2024-01-01')",
    )
    const options = { requireEnv: "T_SCAFFOLD", ensureIndexes: [["vendor", "d"]] }
    const status = await launchAndWork(open, { table: "t", by: "d", options, isOptedIn: false })
    expect(status.run.state).toBe("done")
    expect(await namesOf(database, "t")).toContain("index t_vendor_d_idx")
    expect(await database.query("select relkind from pg_class where oid = 't'::regclass")).toEqual([{ relkind: "r" }])
    expect(await database.query("select to_regclass('t_partitioned') as scaffold")).toEqual([{ scaffold: null }])
    const again = await launchAndWork(open, { table: "t", by: "d", options, isOptedIn: true })
    expect(again.run.state).toBe("cleanup")
    expect(await namesOf(database, "t")).toContain("index t_vendor_d_idx")
  })

  it("adopts a scaffold that fits, and loads into the partitions that it has", async () => {
    await using database = await createDatabase("adopt")
    await using open = await services(database)
    await database.query(`
      create table t (id int primary key, d date not null, v text);
      create index t_v on t (v);
      insert into t select g, date '2024-01-01' + g, 'v' from generate_series(1, 90) g;
      create table t_partitioned (like t including all excluding indexes, primary key (id, d)) partition by range (d);
      create index on t_partitioned (v);
      create table handmade partition of t_partitioned for values from ('2024-02-01') to ('2024-03-01')`)
    const before = await contentOf(database, "t")
    const aborted = await launchRun(open, { table: "t", by: "d" })
    await workUntil(open, aborted.id, (status) => status.totals.copied >= 2)
    await abort(open, aborted.id)
    expect(await partitionsOf(database, "t_partitioned")).toMatchObject([{ name: "handmade", rows: 0 }])

    const status = await launchAndWork(open, { table: "t", by: "d" })
    expect(status.run).toMatchObject({ state: "cleanup", error: null })
    expect(await contentOf(database, "t")).toEqual(before)
    expect(await partitionsOf(database, "t")).toContainEqual({
      name: "handmade",
      bound: "FOR VALUES FROM ('2024-02-01') TO ('2024-03-01')",
      rows: 29,
    })
    expect(await namesOf(database, "t")).toEqual(["constraint t_pkey", "index t_pkey", "index t_v"])
  })
})

async function workUntilDone(open: OpenServices, runId: string): Promise<Status> {
  return await workUntil(open, runId, (status) => status.run.finishedAt !== null || status.run.control === "halted")
}

async function workUntilQuietOrGate(open: OpenServices, runId: string): Promise<Status> {
  return await workUntil(open, runId, (status) => status.run.control === "waiting" || status.run.control === "halted")
}
