import pg from "pg"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { openGate } from "../../src/runtime/commands/attach.ts"
import { cleanupNow } from "../../src/runtime/commands/cleanup.ts"
import { rollback } from "../../src/runtime/commands/rollback.ts"
import { runCutover } from "../support/cli.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { contentOf } from "../support/oracle.ts"
import { launchRun, services, waitForStatus, worker } from "../support/runs.ts"
import { recorder, shadows } from "./shadows.ts"

/** The hostile role, which owns a schema and may create in public; and the superuser who works runs. */
const evil = `evil_${process.pid}`
const chief = `chief_${process.pid}`
const password = "shadow"

let database: TestDatabase

const urlOf = (role: string): string => {
  const url = new URL(database.url)
  url.username = role
  url.password = password
  return url.href
}

async function asRole<T>(role: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(urlOf(role))
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

const calls = async (): Promise<unknown> =>
  await database.query("select distinct what, who from evil.calls order by what")

/** Functions of ours that run with our rights, and whose names do not resolve in pg_catalog alone; at least one has to be there. */
async function loose(): Promise<unknown> {
  const found = await database.query<{ name: string; config: string[] | null }>(`
    select oid::regprocedure::text as name, proconfig as config
    from pg_proc
    where prosecdef and pronamespace in ('cutover'::regnamespace, 'cutover_jobs'::regnamespace)`)
  expect(found.map((one) => one.name)).toContain("cutover.capture_truncate()")
  expect(found.length).toBeGreaterThan(1)
  return found.filter((one) => !one.config?.includes("search_path=pg_catalog, pg_temp"))
}

beforeAll(async () => {
  database = await createDatabase("shadow")
  await database.query(`
    create role ${evil} login password '${password}';
    create role ${chief} superuser login password '${password}';
    create schema evil authorization ${evil};
    grant create, usage on schema public to ${evil};
    grant usage on schema evil to public`)
  await asRole(evil, async (client) => {
    await client.query(`set search_path = pg_catalog; ${recorder}`)
    for (const { sql } of shadows) for (const schema of ["evil", "public"]) await client.query(sql(schema))
  })
  await database.query(`
    alter database ${database.name} set search_path = public, evil, pg_catalog, pg_temp;
    alter role current_user in database ${database.name} set search_path = pg_catalog;
    alter role ${chief} in database ${database.name} set search_path = pg_temp, evil, public, pg_catalog;
    alter role ${evil} in database ${database.name} set search_path = pg_temp, evil, public, pg_catalog`)
})

afterAll(async () => {
  await database.drop()
  const admin = new pg.Client({ connectionString: database.url.replace(database.name, "postgres") })
  await admin.connect()
  await admin.query(`drop role ${evil}; drop role ${chief}`)
  await admin.end()
})

beforeEach(async () => {
  await database.query("truncate evil.calls; drop table if exists public.t, public.t_legacy, public.t_partitioned")
})

/** The stranger may write to the table; in its session temporary tables of our names come first. */
async function writeAsStranger(client: pg.Client): Promise<void> {
  await client.query(`
    insert into public.t values (1001, '2024-01-05', 'x'), (1002, '2024-02-05', 'x');
    update public.t set d = '2024-03-03' where id operator(pg_catalog.=) 1001;
    delete from public.t where id operator(pg_catalog.=) 1002`)
}

async function withStranger<T>(use: (client: pg.Client) => Promise<T>): Promise<T> {
  return await asRole(evil, async (client) => {
    for (const { what, sql } of shadows.filter((one) => !one.what.startsWith("pg_class"))) {
      await client.query(sql("pg_temp")).catch((error: unknown) => {
        throw new Error(`${what}: ${String(error)}`)
      })
    }
    await client.query("create temporary table truncations (run_id text, relation oid)")
    return await use(client)
  })
}

async function createTable(): Promise<void> {
  await database.query(`
    set search_path = pg_catalog;
    create table public.t (id int8 primary key, d date not null, v text);
    insert into public.t select g, date '2024-01-01' + g % 80, 'v' from generate_series(1, 200) g;
    grant select, insert, update, delete, truncate on public.t to ${evil}`)
}

describe("functions, operators, relations and types of a stranger", () => {
  it.for(shadows)("$what is met where the search path says so", async ({ what, use }) => {
    await asRole(chief, async (client) => await client.query(use).catch(() => {}))
    expect(await calls()).toContainEqual({ what, who: chief })
  })

  it("are not called by a run of a superuser, from plan to rollback, nor by its triggers in the stranger's session", async () => {
    await createTable()
    await using open = await services({ ...database, url: urlOf(chief) })
    const planned = await runCutover(urlOf(chief), ["plan", "t", "--by", "d"])
    expect(planned.code, planned.stderr).toBe(0)
    const run = await launchRun(open, {
      table: "t",
      by: "d",
      options: { writes: "capture", attach: "manual", ensureIndexes: [["v", "d"]] },
    })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, (one) => one.run.control !== "running" && one.run.reason !== null)
    await withStranger(async (stranger) => {
      await stranger.query("truncate public.t")
      await writeAsStranger(stranger)
      const before = await contentOf(database, "public.t")
      expect(await loose()).toEqual([])
      await openGate(open, run.id)
      const status = await waitForStatus(
        open,
        run.id,
        (one) => one.run.control === "halted" || one.run.state === "cleanup",
      )
      expect(status.run.error).toBeNull()
      expect(await contentOf(database, "public.t")).toEqual(before)
      await stranger.query("truncate public.t")
      await writeAsStranger(stranger)
    })
    expect(await loose()).toEqual([])
    const written = await contentOf(database, "public.t")
    for (const args of [
      ["status", run.id],
      ["log", run.id],
      ["verify", run.id],
    ]) {
      const ended = await runCutover(urlOf(chief), args)
      expect(ended.code, ended.stderr).toBe(0)
    }
    await rollback(open, run.id, null)
    await waitForStatus(open, run.id, (one) => one.run.finishedAt !== null || one.run.control === "halted")
    expect(await contentOf(database, "public.t")).toEqual(written)
    expect(await calls()).toEqual([])
  })

  it("are not called where writes are refused and the legacy table is dropped", async () => {
    await createTable()
    await using open = await services({ ...database, url: urlOf(chief) })
    const run = await launchRun(open, { table: "t", by: "d", options: { writes: "block", attach: "manual" } })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, (one) => one.run.control !== "running" && one.run.reason !== null)
    await withStranger(async (stranger) => {
      await expect(writeAsStranger(stranger)).rejects.toMatchObject({ code: "55000" })
    })
    await openGate(open, run.id)
    await waitForStatus(open, run.id, (one) => one.run.control === "halted" || one.run.state === "cleanup")
    await cleanupNow(open, run.id, { beforeWindow: true, reason: "test" })
    expect(await calls()).toEqual([])
  })
})
