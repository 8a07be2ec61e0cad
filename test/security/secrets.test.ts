import { execFileSync } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createLogger } from "../../src/log/createLogger.ts"
import { openServices } from "../../src/runtime/openServices.ts"
import { Worker } from "../../src/runtime/Worker.ts"
import { type Ended, startCutover } from "../support/cli.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { launchRun, waitForStatus } from "../support/runs.ts"

/** Nothing else has these letters; it needs no percent-encoding, so that it reads the same wherever it leaks. */
const secret = "kanarienvogel4711"
const role = `teller_${process.pid}`

let database: TestDatabase
let folder: string

beforeAll(async () => {
  database = await createDatabase("secrets")
  folder = await mkdtemp(join(tmpdir(), "secrets-"))
  await database.query(`
    create role ${role} login superuser;
    create table t (id int primary key, d date not null, v text);
    insert into t select g, date '2024-01-01' + g % 60, 'v' from generate_series(1, 200) g`)
  // In a session of its own: pg_stat_activity shows the last statement of each.
  const client = new pg.Client(database.url)
  await client.connect()
  await client.query(`alter role ${role} password '${secret}'`)
  await client.end()
})

afterAll(async () => {
  await database.drop()
  const admin = new pg.Client(database.url.replace(database.name, "postgres"))
  await admin.connect()
  await admin.query(`drop role ${role}`)
  await admin.end()
  await rm(folder, { recursive: true, force: true })
})

type Way = { readonly how: string; readonly env: () => Record<string, string> }

function urlWith(change: (url: URL) => void): string {
  const url = new URL(database.url)
  url.username = role
  url.password = secret
  change(url)
  return url.href
}

const libpq = (): Record<string, string> => {
  const { hostname, port } = new URL(database.url)
  return { PGHOST: hostname, PGPORT: port, PGUSER: role, PGDATABASE: database.name }
}

/** Where a password may come from, where the command gets in. */
const right: readonly Way[] = [
  { how: "DATABASE_URL", env: () => ({ DATABASE_URL: urlWith(() => {}) }) },
  { how: "PGPASSWORD", env: () => ({ ...libpq(), PGPASSWORD: secret }) },
]

/** And where it does not. */
const wrong: readonly Way[] = [
  { how: "a wrong password", env: () => ({ DATABASE_URL: urlWith((url) => (url.password = `${secret}x`)) }) },
  { how: "a wrong PGPASSWORD", env: () => ({ ...libpq(), PGPASSWORD: `${secret}x` }) },
  { how: "a host that nobody knows", env: () => ({ DATABASE_URL: urlWith((url) => (url.hostname = "no.invalid")) }) },
  { how: "a port where nobody listens", env: () => ({ DATABASE_URL: urlWith((url) => (url.port = "1")) }) },
  { how: "a database that is not there", env: () => ({ DATABASE_URL: urlWith((url) => (url.pathname = "/nowhere")) }) },
  {
    how: "TLS that the server has not",
    env: () => ({ DATABASE_URL: urlWith((url) => (url.search = "?sslmode=require")) }),
  },
  {
    how: "a certificate that is missing",
    env: () => ({ DATABASE_URL: urlWith((url) => (url.search = "?sslrootcert=/no/file")) }),
  },
  {
    how: "a setting that the server does not know",
    env: () => ({ DATABASE_URL: urlWith((url) => (url.search = "?options=-c%20nonsense%3D1")) }),
  },
  { how: "a URL with a # in the password", env: () => ({ DATABASE_URL: `postgres://${role}:#${secret}@localhost/x` }) },
  { how: "a URL with a / in the password", env: () => ({ DATABASE_URL: `postgres://${role}:/${secret}@localhost/x` }) },
  {
    how: "a URL with a @ in the password",
    env: () => ({ DATABASE_URL: `postgres://${role}:a@${secret}@localhost/x` }),
  },
  { how: "a URL with a % in the password", env: () => ({ DATABASE_URL: `postgres://${role}:%${secret}@localhost/x` }) },
  { how: "a URL of another kind", env: () => ({ DATABASE_URL: `mysql://${role}:${secret}@localhost/x` }) },
  {
    how: "a password in the query",
    env: () => ({ DATABASE_URL: `postgres://localhost:1/x?user=${role}&password=${secret}` }),
  },
  { how: "words instead of a URL", env: () => ({ DATABASE_URL: `host=localhost port=1 password=${secret}` }) },
]

/** All commands that connect, those that go well and those that do not, in an order in which they make sense. */
const calls: readonly (readonly string[])[] = [
  ["plan", "t", "--by", "d"],
  ["plan", "t", "--by", "d", "--sql"],
  ["plan", "t", "--by", "nothing"],
  ["plan", "nowhere", "--by", "d"],
  ["status"],
  ["launch", "t", "--by", "d", "--parallel", "none"],
  ["launch", "t", "--by", "d", "--attach", "manual", "--detach"],
  ["launch", "t", "--by", "d"],
  ["status", "t"],
  ["log", "t"],
  ["verify", "t"],
  ["pause", "t", "--reason", "lunch"],
  ["retry", "t", "--detach", "--partition", "1999-01"],
  ["attach", "t"],
  ["rollback", "t"],
  ["cleanup", "t", "--confirm", "public.t"],
  ["resume", "t", "--detach"],
  ["abort", "t", "--confirm", "public.u"],
  ["abort", "t", "--confirm", "public.t"],
  ["nonsense"],
  ["--help"],
]

type Seen = Ended & { readonly processes: string; readonly activity: string }

/** Runs a command, and looks at the list of processes and at the server's sessions as long as it lives. */
async function watched(args: readonly string[], env: Record<string, string>): Promise<Seen> {
  const call = startCutover(null, args, { CUTOVER_DEMO_DIRECTORY: folder, ...env })
  let [processes, activity] = ["", ""]
  while (call.process.exitCode === null && call.process.signalCode === null) {
    processes += execFileSync("ps", ["-eww", "-o", "args"], { encoding: "utf8" })
    const rows = await database.query("select query, application_name from pg_stat_activity where usename = $1", [role])
    activity += JSON.stringify(rows)
    await sleep(100)
  }
  return { ...(await call.ended), processes, activity }
}

function expectNoSecret(where: Readonly<Record<string, string>>): void {
  expect(
    Object.entries(where).flatMap(([name, text]) => (text.includes(secret) ? [`${name}: ${excerpt(text)}`] : [])),
  ).toEqual([])
}

function excerpt(text: string): string {
  const at = text.indexOf(secret)
  return text.slice(Math.max(0, at - 120), at + 60)
}

/** Everything in our own schemas, as text. */
async function tablesOfOurs(): Promise<string> {
  const tables = await database.query<{ name: string }>(`
    select c.oid::regclass::text as name from pg_class c
    where c.relkind in ('r', 'p', 'v') and c.relnamespace::regnamespace::text in ('cutover', 'cutover_jobs')`)
  expect(tables.map((one) => one.name)).toContain("cutover.runs")
  expect(tables.map((one) => one.name)).toContain("cutover_jobs.job")
  let all = ""
  for (const { name } of tables) all += JSON.stringify(await database.query(`select x::text from ${name} as x`))
  return all
}

describe("a password", () => {
  it("would be found: in what a command prints, among the processes, in a statement", async () => {
    const { stderr, processes } = await watched(["plan", secret, "--by", "d"], right[0]!.env())
    expect(stderr).toContain(secret)
    expect(processes).toContain(secret)
    const client = new pg.Client({ connectionString: urlWith(() => {}), application_name: secret })
    await client.connect()
    const rows = await database.query("select application_name as name from pg_stat_activity where usename = $1", [
      role,
    ])
    expect(rows).toContainEqual({ name: secret })
    await client.end()
  })

  it.each(right)(
    "from $how is in no output, list of processes, session or table of ours",
    { timeout: 240_000 },
    async ({ env }) => {
      const codes = new Set<number | null>()
      for (const [n, args] of calls.entries()) {
        const flags = [[], ["--json"], ["--verbose"], ["--json", "--verbose"]][n % 4]!
        const { code, stdout, stderr, processes, activity } = await watched([...args, ...flags], env())
        codes.add(code)
        expect(stdout + stderr, args.join(" ")).not.toBe("")
        expectNoSecret({ stdout, stderr, processes, activity, tables: n === 6 ? await tablesOfOurs() : "" })
      }
      expect(codes).toEqual(new Set([0, 2, 3, 9]))
      expectNoSecret({ tables: await tablesOfOurs() })
    },
  )

  it.each(wrong)("is in no output where there is $how", async ({ env }) => {
    for (const flags of [["--verbose"], ["--json", "--verbose"]]) {
      const { code, stdout, stderr } = await startCutover(null, ["status", ...flags], env()).ended
      expect(stderr).toContain("CUTOVER_")
      expect(code).toBeGreaterThan(0)
      expectNoSecret({ stdout, stderr })
    }
  })

  it("in --database-url, where others see it among the processes anyway, is in no output", async () => {
    const { stdout, stderr } = await startCutover(null, [
      "status",
      "--verbose",
      "--database-url",
      urlWith((url) => (url.port = "1")),
    ]).ended
    expect(stderr).toContain("CUTOVER_UNREACHABLE")
    expectNoSecret({ stdout, stderr })
  })

  it("in a configuration that cannot be read is in no output", async () => {
    await writeFile(join(folder, "cutover.config.json"), `{ "databaseUrl": "${urlWith(() => {})}", `)
    const { stdout, stderr } = await startCutover(null, ["plan", "t", "--by", "d", "--verbose"], {
      DATABASE_URL: urlWith(() => {}),
    }).ended
    expect(stdout + stderr).not.toBe("")
    expectNoSecret({ stdout, stderr })
  })

  it("is in no line of a worker's log, whether the database is there or goes away", async () => {
    const lines: string[] = []
    const open = await openServices({
      connectionString: urlWith(() => {}),
      role: "test",
      actor: "tester@test",
      logger: createLogger("debug", { write: (line) => lines.push(line) }),
      supervise: true,
      connections: 8,
    })
    const run = await launchRun(open, { table: "t", by: "d", options: { attach: "manual" } })
    const worker = await Worker.start(open, { runId: run.id, lanes: 2 })
    await waitForStatus(open, run.id, (one) => one.run.reason !== null)
    await database.query(`alter role ${role} nologin`)
    await database.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = $1", [role])
    await expect.poll(() => lines.some((line) => line.includes('"level":40')), { timeout: 20_000 }).toBe(true)
    await database.query(`alter role ${role} login`)
    await worker.stop()
    await open.close()
    expectNoSecret({ log: lines.join("\n"), tables: await tablesOfOurs() })
  })
})
