import { execFile } from "node:child_process"
import { chmod, mkdir, realpath, rm, stat, writeFile, chown } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import pg from "pg"
import type { Major } from "../../src/embedded/binaries.ts"
import { openCluster } from "../../src/embedded/cluster.ts"
import { type TestServer, serverOf } from "./database.ts"
import { mainMajor, newClusterDirectory, openTestCluster, testSettings } from "./testClusters.ts"

/** A server and its streaming standby, which answers questions as a hot standby does. */
export type ServerPair = AsyncDisposable & {
  readonly primary: TestServer
  readonly standby: TestServer
  /** The standby gets nothing more: what the primary commits from now on is lost with it. */
  stopReplication(): Promise<void>
  /** Returns when the standby has what the primary has committed. */
  catchUp(): Promise<void>
  /** Returns when the primary has ended the work of clients that it has lost. */
  leftAlone(): Promise<void>
  /** Makes the standby a primary, with a timeline of its own. */
  promote(): Promise<void>
}

/** The binaries have no pg_basebackup: a stopped cluster is copied, which is a base backup too (PostgreSQL manual 26.2.3). */
export async function startPair(major: Major = mainMajor): Promise<ServerPair> {
  const original = await openTestCluster(major)
  await original.stop("fast")
  const directory = newClusterDirectory()
  await copyCluster(original.directory, directory)
  await original.start()
  const copy = await openCluster({
    directory,
    major,
    settings: { ...testSettings, primary_conninfo: conninfoOf(original.url), wal_retrieve_retry_interval: "100ms" },
  })
  const [primary, standby] = [serverOf(original), serverOf(copy)]
  return {
    primary,
    standby,
    catchUp: async () => {
      const [now] = await ask<{ lsn: string }>(primary, "select pg_current_wal_lsn()::text as lsn")
      const reached = `select where pg_last_wal_replay_lsn() >= '${now?.lsn}'`
      while ((await ask(standby, reached)).length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    },
    stopReplication: async () => {
      await ask(standby, "alter system set primary_conninfo = ''")
      await ask(standby, "select pg_reload_conf()")
      while ((await ask(standby, "select from pg_stat_wal_receiver")).length > 0)
        await new Promise((resolve) => setTimeout(resolve, 10))
    },
    leftAlone: async () => {
      const clients = `
        select from pg_stat_activity
        where backend_type = 'client backend' and application_name similar to '(cutover/|writer )%'`
      while ((await ask(primary, clients)).length > 0) await new Promise((resolve) => setTimeout(resolve, 20))
    },
    promote: async () => {
      const [promoted] = await ask<{ done: boolean }>(standby, "select pg_promote(true, 60) as done")
      if (promoted?.done !== true) throw new Error("the standby was not promoted within a minute")
    },
    [Symbol.asyncDispose]: async () => {
      await primary.destroy()
      await standby.destroy()
    },
  }
}

async function copyCluster(from: string, to: string): Promise<void> {
  const source = await realpath(join(from, "cluster"))
  const target = join(to, "cluster")
  await mkdir(to, { mode: 0o711 })
  await chmod(to, 0o711)
  await promisify(execFile)("cp", ["--archive", source, target])
  await rm(join(target, "port"), { force: true })
  const signal = join(target, "data", "standby.signal")
  await writeFile(signal, "")
  const owner = await stat(join(target, "data"))
  if (process.getuid?.() === 0) await chown(signal, owner.uid, owner.gid)
}

function conninfoOf(url: string): string {
  const { hostname, port, username, password } = new URL(url)
  return `host=${hostname} port=${port} user=${username} password=${decodeURIComponent(password)} application_name=standby`
}

async function ask<Row extends object>(server: TestServer, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: server.url, application_name: "test/pair" })
  client.on("error", () => {})
  await client.connect()
  try {
    return (await client.query<Row>(text)).rows
  } finally {
    await client.end()
  }
}
