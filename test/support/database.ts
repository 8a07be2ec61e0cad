import { randomBytes } from "node:crypto"
import pg from "pg"
import { inject } from "vitest"
import type { Major } from "../../src/embedded/binaries.ts"
import type { Cluster } from "../../src/embedded/cluster.ts"
import { isRunning } from "../../src/embedded/processState.ts"
import { mainMajor, openTestCluster } from "./testClusters.ts"

/** A fresh database of one test or test file. `await using` drops it at the end of its block. */
export type TestDatabase = AsyncDisposable & {
  readonly name: string
  readonly url: string
  readonly pool: pg.Pool
  /** The rows of a statement. */
  query<Row extends object = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /** Ends the pool and drops the database, whoever else is still connected. */
  drop(): Promise<void>
}

/** A test's own questions are answered alike, whatever the database's settings are. */
const sameForAll = Object.entries({
  search_path: '"$user",public',
  standard_conforming_strings: "on",
  datestyle: "ISO",
  intervalstyle: "postgres",
  timezone: "UTC",
  extra_float_digits: "1",
  bytea_output: "hex",
})
  .map(([name, value]) => `-c ${name}=${value}`)
  .join(" ")

/** Creates a database on the test run's server, or on the one of `adminUrl`; `name` is what its name begins with. */
export async function createDatabase(name = "test", adminUrl = inject("adminUrl")): Promise<TestDatabase> {
  const unique = `${name}_${randomBytes(6).toString("hex")}`
  await runAsAdmin(adminUrl, `create database ${pg.escapeIdentifier(unique)} template template0`)
  return openDatabase(unique, adminUrl)
}

/** Another one like it, down to the OIDs. Whoever is connected to it is cut off. */
export async function copyDatabase(original: TestDatabase, adminUrl = inject("adminUrl")): Promise<TestDatabase> {
  const unique = `${original.name.slice(0, 40)}_${randomBytes(6).toString("hex")}`
  await runAsAdmin(
    adminUrl,
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = ${pg.escapeLiteral(original.name)}`,
  )
  await runAsAdmin(
    adminUrl,
    `create database ${pg.escapeIdentifier(unique)} template ${pg.escapeIdentifier(original.name)}`,
  )
  return openDatabase(unique, adminUrl)
}

/** A database that is there, on the server of `adminUrl`. */
export function openDatabase(name: string, adminUrl: string): TestDatabase {
  const url = withDatabase(adminUrl, name)
  const pool = new pg.Pool({ connectionString: url, max: 8, application_name: "test", options: sameForAll })
  // Connections break when a test kills its server; the queries that suffer from it say so themselves.
  pool.on("error", () => {})

  async function drop(): Promise<void> {
    await pool.end()
    await runAsAdmin(adminUrl, `drop database if exists ${pg.escapeIdentifier(name)} with (force)`)
  }
  return {
    name,
    url,
    pool,
    query: async <Row extends object>(text: string, values?: readonly unknown[]) => {
      const { rows } = await pool.query<Row>(text, values && [...values])
      return rows
    },
    drop,
    [Symbol.asyncDispose]: drop,
  }
}

/** A server of a test's own, to be killed as it likes. `await using` deletes it at the end of its block. */
export type TestServer = AsyncDisposable & {
  readonly major: Major
  /** The database `postgres`, as superuser; a start may change its port. */
  readonly url: string
  createDatabase(name?: string): Promise<TestDatabase>
  /** SIGKILL to all processes of the server at once. (Backends of a killed first process would still commit.) */
  killImmediately(): Promise<void>
  /** Starts it again and returns when it answers. */
  start(): Promise<void>
  stop(): Promise<void>
  destroy(): Promise<void>
}

/** Starts a server from the embedded binaries, of any major version, with these settings on top of the tests' own. */
export async function startServer(
  major: Major = mainMajor,
  settings: Readonly<Record<string, string>> = {},
): Promise<TestServer> {
  return serverOf(await openTestCluster(major, settings))
}

/** A cluster as tests see one. */
export function serverOf(cluster: Cluster): TestServer {
  const destroy = () => cluster.destroy()
  return {
    major: cluster.major,
    get url() {
      return cluster.url
    },
    createDatabase: (name) => createDatabase(name, cluster.url),
    killImmediately: () => killAll(cluster),
    start: () => cluster.start(),
    stop: () => cluster.stop(),
    destroy,
    [Symbol.asyncDispose]: destroy,
  }
}

async function killAll(cluster: Cluster): Promise<void> {
  const postmaster = await cluster.postmasterPid()
  const others = await runAsAdmin<{ pid: number }>(
    cluster.url,
    "select pid from pg_stat_activity where pid <> pg_backend_pid()",
  )
  for (const pid of [postmaster, ...others.map((other) => other.pid)]) {
    if (pid !== undefined && isRunning(pid)) process.kill(pid, "SIGKILL")
  }
}

function withDatabase(adminUrl: string, name: string): string {
  const url = new URL(adminUrl)
  url.pathname = `/${encodeURIComponent(name)}`
  return url.href
}

async function runAsAdmin<Row extends object>(adminUrl: string, statement: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: adminUrl, application_name: "test/admin" })
  client.on("error", () => {})
  await client.connect()
  try {
    return (await client.query<Row>(statement)).rows
  } finally {
    await client.end()
  }
}
