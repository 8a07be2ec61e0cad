import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { OpenServices } from "../../src/runtime/openServices.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { isQuiet, launchRun, services, waitForStatus, worker } from "../support/runs.ts"

/** The role that launches and works runs of its own tables, and one that has nothing but a table. */
const owner = `owner_${process.pid}`
const stranger = `stranger_${process.pid}`
const password = "rights"

let database: TestDatabase
let open: OpenServices
let runId: string

const urlOf = (role: string): string => {
  const url = new URL(database.url)
  url.username = role
  url.password = password
  return url.href
}

async function as(role: string, statement: string): Promise<unknown> {
  const client = new pg.Client(urlOf(role))
  await client.connect()
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}

beforeAll(async () => {
  database = await createDatabase("rights")
  await database.query(`
    create role ${owner} login password '${password}';
    create role ${stranger} login password '${password}';
    grant create on database ${database.name} to ${owner};
    grant pg_read_all_stats to ${owner};
    create schema app authorization ${owner};
    create schema other authorization ${stranger}`)
  await as(
    owner,
    `create table app.t (id int primary key, d date not null);
     insert into app.t select g, date '2024-01-01' + g % 60 from generate_series(1, 100) g;
     grant usage on schema app to ${stranger};
     grant select, insert, update, delete, truncate, trigger on app.t to ${stranger}`,
  )
  await as(stranger, "create table other.t (id int, d date)")
  open = await services({ ...database, url: urlOf(owner) })
  const run = await launchRun(open, { table: "app.t", by: "d", options: { writes: "capture" } })
  runId = run.id
  await using _ = await worker(open, run.id)
  const status = await waitForStatus(open, run.id, isQuiet)
  if (status.run.state !== "cleanup") throw new Error(JSON.stringify(status.run))
})

afterAll(async () => {
  await open.close()
  await database.query(`drop owned by ${stranger}; drop owned by ${owner} cascade`)
  await database.drop()
  const admin = new pg.Client(database.url.replace(database.name, "postgres"))
  await admin.connect()
  await admin.query(`drop role ${owner}; drop role ${stranger}`)
  await admin.end()
})

const records = async (): Promise<unknown> =>
  await database.query("select count(*)::int as records, md5(string_agg(l::text, '' order by seq)) from cutover.log l")

const changes = ["update cutover.log set actor = 'nobody'", "delete from cutover.log", "truncate cutover.log"]

describe("our schemas", () => {
  it("are worked in by a role that is no superuser, and grant nothing to anybody else", async () => {
    const granted = await database.query(`
      select what, grantee::regrole::text, privilege_type
      from (
        select oid::regnamespace::text as what, nspowner as owner, coalesce(nspacl, acldefault('n', nspowner)) as acl from pg_namespace
        where nspname in ('cutover', 'cutover_jobs')
        union all
        select oid::regclass::text, relowner, coalesce(relacl, acldefault(case relkind when 'S' then 's'::"char" else 'r' end, relowner)) from pg_class
        where relnamespace::regnamespace::text in ('cutover', 'cutover_jobs') and relkind in ('r', 'p', 'v', 'S')
        union all
        select oid::regprocedure::text, proowner, coalesce(proacl, acldefault('f', proowner)) from pg_proc
        where pronamespace = 'cutover'::regnamespace
      ) as one
      cross join aclexplode(acl)
      where grantee <> owner`)
    expect(granted).toEqual([])
    expect(
      await database.query("select nspowner::regrole::text as owner from pg_namespace where nspname = 'cutover'"),
    ).toEqual([{ owner }])
  })

  it.each([
    ...changes,
    "select from cutover.log",
    "select from cutover.maintenance_log",
    "insert into cutover.maintenance_log (run_id) values ('x')",
    "select from cutover.runs",
    "select from cutover_jobs.job",
    "create trigger mine after truncate on app.t execute function cutover.capture_truncate('x')",
  ])("are closed to a role that may write the table, and may put triggers on it: %s", async (statement) => {
    await expect(as(stranger, statement)).rejects.toMatchObject({ code: "42501" })
  })
})

describe("a role that may look at our schema", () => {
  beforeAll(async () => {
    await as(
      owner,
      `grant usage on schema cutover to ${stranger}; grant select on all tables in schema cutover to ${stranger}`,
    )
  })

  it("reads the log and changes nothing in it", async () => {
    const before = await records()
    expect(await as(stranger, "select kind from cutover.maintenance_log limit 1")).toEqual([{ kind: "run.launched" }])
    for (const statement of [
      ...changes,
      "insert into cutover.log (run_id, kind, actor, data) values ('x', 'x', 'x', '{}')",
    ]) {
      await expect(as(stranger, statement)).rejects.toMatchObject({ code: "42501" })
    }
    expect(await records()).toEqual(before)
  })

  it("cannot note a truncation that never was, or keys of rows that were not written", async () => {
    const functions = await database.query<{ name: string }>(
      "select oid::regproc::text as name from pg_proc where pronamespace = 'cutover'::regnamespace and prosecdef",
    )
    expect(functions.map((one) => one.name)).toContain("cutover.capture_truncate")
    expect(functions.length).toBeGreaterThan(1)
    for (const { name } of functions) {
      await expect(
        as(stranger, `create trigger mine after insert on other.t for each row execute function ${name}('${runId}')`),
      ).rejects.toMatchObject({ code: "42501" })
    }
  })
})

describe("the maintenance log", () => {
  it.each([owner, "the superuser"])("is not rewritten by mistake, not even by %s", async (role) => {
    const before = await records()
    const run = role === owner ? (text: string) => as(owner, text) : (text: string) => database.query(text)
    for (const statement of [
      ...changes,
      "update cutover.maintenance_log set actor = 'nobody'",
      "delete from cutover.maintenance_log",
    ]) {
      await expect(run(statement)).rejects.toMatchObject({ code: "55000" })
    }
    expect(await records()).toEqual(before)
    expect(before).toMatchObject([{ records: expect.any(Number) as number }])
  })

  it("is appended to by a writer of the table only through the run", async () => {
    const before = await records()
    await as(stranger, "truncate app.t; insert into app.t values (1, '2024-02-02')")
    expect(await records()).toEqual(before)
    expect(await database.query("select from cutover.truncations")).not.toEqual([])
  })
})
