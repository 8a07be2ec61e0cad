import { readdir, rm } from "node:fs/promises"
import { join } from "node:path"
import pg from "pg"
import type { Major } from "../src/embedded/binaries.ts"
import { type Cluster, findCluster, openCluster } from "../src/embedded/cluster.ts"
import { isRunning } from "../src/embedded/processState.ts"
import { readTreeCpu } from "./readTreeCpu.ts"

/** A server of the bench's own, with the durability of production, and one database in it that all copies are made from. */
export type BenchServer = {
  readonly major: Major
  /** Fills the template anew: with each set of data, before any copy of it. */
  readonly fill: <T>(work: (client: pg.Client) => Promise<T>) => Promise<T>
  /** What all its processes have taken so far; null where it cannot be seen. */
  readonly readCpuMs: () => Promise<number | null>
  /** Lends a fresh copy of the template, with all that is dirty written to disk before; drops it afterwards. */
  readonly withCopy: <T>(use: (copy: Copy) => Promise<T>) => Promise<T>
}

export type Copy = { readonly url: string; readonly client: pg.Client }

/** Lends a server in a directory of its own below `parent`; it is deleted afterwards, and when we are interrupted. */
export async function withServer<T>(
  major: Major,
  parent: string,
  use: (server: BenchServer) => Promise<T>,
): Promise<T> {
  await destroyLeftovers(parent)
  const directory = join(parent, `${prefix}${process.pid}`)
  const cluster = await openCluster({ directory, major })
  const destroy = async (): Promise<void> => {
    await cluster.destroy()
    await rm(directory, { recursive: true, force: true })
  }
  let isInterrupted = false
  const interrupted = (signal: string): void => {
    isInterrupted = true
    process.stderr.write(`${signal}: deleting the server\n`)
    void destroy().finally(() => process.exit(130))
  }
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted)
  try {
    return await use(benchServer(cluster))
  } catch (error) {
    // Queries fail because the server goes away; the process ends when it is deleted.
    if (isInterrupted) await new Promise(() => {})
    throw error
  } finally {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted)
    await destroy()
  }
}

const prefix = "pg-cutover-bench-"
const template = "returns_template"
const copyName = "returns_copy"

/** Servers are daemons: those of benches that were killed go on until this deletes them. */
async function destroyLeftovers(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)$`).exec(name)?.[1])
    if (!(pid > 0) || isRunning(pid)) continue
    await (await findCluster(join(parent, name)))?.destroy()
    await rm(join(parent, name), { recursive: true, force: true })
  }
}

function benchServer(cluster: Cluster): BenchServer {
  const admin = <T>(work: (client: pg.Client) => Promise<T>) => withClient(cluster.url, work)
  return {
    major: cluster.major,
    fill: async (work) => {
      await admin(async (client) => {
        await client.query(`drop database if exists ${template} with (force)`)
        await client.query(`create database ${template}`)
      })
      return await withClient(urlOf(cluster, template), work)
    },
    readCpuMs: async () => readTreeCpu((await cluster.postmasterPid()) ?? 0),
    withCopy: async (use) => {
      await admin(async (client) => {
        await client.query(`drop database if exists ${copyName} with (force)`)
        // Files are copied, so that the copy's pages are in nobody's shared buffers at the start.
        await client.query(`create database ${copyName} template ${template} strategy file_copy`)
        await client.query("checkpoint")
      })
      const url = urlOf(cluster, copyName)
      try {
        return await withClient(url, (client) => use({ url, client }))
      } finally {
        await admin((client) => client.query(`drop database if exists ${copyName} with (force)`))
      }
    },
  }
}

function urlOf(cluster: Cluster, database: string): string {
  const url = new URL(cluster.url)
  url.pathname = `/${database}`
  return url.href
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, application_name: "bench" })
  // The query that suffers from a lost connection says so itself.
  client.on("error", () => {})
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}
