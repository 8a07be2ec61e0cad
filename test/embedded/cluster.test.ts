import { existsSync } from "node:fs"
import { mkdir, mkdtemp, readdir, realpath, rm, stat, writeFile } from "node:fs/promises"
import { type Server, createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { majors } from "../../src/embedded/binaries.ts"
import { type Cluster, findCluster, openCluster } from "../../src/embedded/cluster.ts"
import { newClusterDirectory, openTestCluster, testSettings } from "../support/testClusters.ts"

describe("a cluster", () => {
  const directory = newClusterDirectory()
  let cluster: Cluster

  beforeAll(async () => {
    cluster = await openCluster({ directory, settings: testSettings })
  })

  afterAll(() => cluster.destroy())

  it("speaks UTF-8 and UTC, sorts by bytes, and listens on this machine only", async () => {
    const [row] = await ask(
      cluster.url,
      `select current_setting('server_encoding') as encoding, current_setting('timezone') as timezone,
         'B' < 'a' collate "default" as by_bytes, current_setting('listen_addresses') as addresses`,
    )
    expect(row).toEqual({ encoding: "UTF8", timezone: "UTC", by_bytes: true, addresses: "127.0.0.1" })
  })

  it("lets nobody in without its password", async () => {
    const url = new URL(cluster.url)
    url.password = "guessed"
    await expect(ask(url.href, "select 1")).rejects.toMatchObject({ code: "28P01" })
  })

  it("keeps its password and its data to those who run it, and never gives them to root's server", async () => {
    const folder = await realpath(join(directory, "cluster"))
    const data = await stat(join(folder, "data"))
    expect([data.mode & 0o777, (await stat(join(folder, "password"))).mode & 0o777]).toEqual([0o700, 0o600])
    expect(data.uid).not.toBe(0)
  })

  it("is the same one for whoever opens the directory again", async () => {
    const pid = await cluster.postmasterPid()
    const opened = await openCluster({ directory })
    const found = await findCluster(directory)
    expect([await opened.postmasterPid(), opened.url, found?.url]).toEqual([pid, cluster.url, cluster.url])
  })

  it("refuses to be opened as another major version", async () => {
    await expect(openCluster({ directory, major: 17 })).rejects.toMatchObject({
      code: "CUTOVER_EMBEDDED_SERVER",
      message: expect.stringContaining("is of PostgreSQL 18, not 17"),
    })
  })

  it("keeps its rows, its port and its settings through a stop and a start", async () => {
    const { url } = cluster
    await ask(url, "create table kept as select 42 as answer")
    await cluster.stop()
    expect(await cluster.postmasterPid()).toBeUndefined()
    const opened = await openCluster({ directory })
    expect(opened.url).toBe(url)
    expect(await ask(url, "select answer, current_setting('fsync') as fsync from kept")).toEqual([
      { answer: 42, fsync: "off" },
    ])
  })

  it("is there again after kill -9 of its first process, while a backend of the old one is still busy", async () => {
    const killed = await cluster.postmasterPid()
    const client = await connect(cluster.url)
    await client.query("create table committed as select 1 as answer")
    const busy = client.query("select count(*) from generate_series(1, 5000000)").catch((error: unknown) => error)
    await untilBusy(cluster.url)

    process.kill(killed!, "SIGKILL")
    const opened = await openCluster({ directory })

    await busy
    expect(await opened.postmasterPid()).not.toBe(killed)
    expect(await ask(opened.url, "select answer from committed")).toEqual([{ answer: 1 }])
  })

  it("goes to another port when something else has taken its own", async () => {
    const { port } = cluster
    await cluster.stop("immediate")
    const occupant = await listen(port)
    try {
      const opened = await openCluster({ directory })
      expect(opened.port).not.toBe(port)
      expect(await ask(opened.url, "select 1 as one")).toEqual([{ one: 1 }])
      expect((await findCluster(directory))?.port).toBe(opened.port)
    } finally {
      occupant.close()
    }
  })

  it("says in PostgreSQL's own words why it does not start, and starts once that is mended", async () => {
    await cluster.stop()
    await expect(openCluster({ directory, settings: { shared_buffers: "plenty" } })).rejects.toMatchObject({
      code: "CUTOVER_EMBEDDED_SERVER",
      message: expect.stringContaining(`invalid value for parameter "shared_buffers": "plenty"`),
    })
    const opened = await openCluster({ directory, settings: testSettings })
    expect(await ask(opened.url, "select 1 as one")).toEqual([{ one: 1 }])
  })
})

it.each(majors)("PostgreSQL %i starts, stops and restarts", async (major) => {
  const cluster = await openTestCluster(major)
  try {
    await cluster.restart()
    const [row] = await ask(cluster.url, "select current_setting('server_version_num')::int / 10000 as major")
    expect(row).toEqual({ major })
  } finally {
    await cluster.destroy()
  }
  expect(existsSync(cluster.directory)).toBe(false)
})

it("two that open an empty directory at once get one server", async () => {
  const directory = newClusterDirectory()
  const opened = await Promise.all([1, 2].map(() => openCluster({ directory, settings: testSettings })))
  try {
    expect(opened[0]!.url).toBe(opened[1]!.url)
    expect(await opened[0]!.postmasterPid()).toBe(await opened[1]!.postmasterPid())
    expect(await readdir(directory)).toEqual(["cluster"])
  } finally {
    await opened[0]!.destroy()
  }
})

describe("a directory", () => {
  it("without a cluster has none to be found", async () => {
    expect(await findCluster(newClusterDirectory())).toBeUndefined()
  })

  it("that is a file is refused, and the file left alone", async () => {
    const file = newClusterDirectory()
    await writeFile(file, "mine")
    try {
      await expect(openCluster({ directory: file })).rejects.toMatchObject({ code: "CUTOVER_EMBEDDED_SERVER" })
      expect((await stat(file)).size).toBe(4)
    } finally {
      await rm(file)
    }
  })

  it("whose `cluster` is something else is refused, and that left alone", async () => {
    const directory = newClusterDirectory()
    await mkdir(join(directory, "cluster"), { recursive: true })
    await writeFile(join(directory, "cluster", "notes.txt"), "mine")
    try {
      await expect(openCluster({ directory })).rejects.toMatchObject({
        message: expect.stringContaining("is no cluster that this program made"),
      })
      expect(await readdir(directory, { recursive: true })).toEqual(["cluster", "cluster/notes.txt"])
    } finally {
      await rm(directory, { recursive: true })
    }
  })

  it("that root keeps to itself works, and goes whole", async () => {
    const closed = await mkdtemp(join(tmpdir(), "pg-cutover-closed-"))
    expect((await stat(closed)).mode & 0o777).toBe(0o700)
    try {
      const cluster = await openCluster({ directory: join(closed, "demo"), settings: testSettings })
      const folder = await realpath(join(closed, "demo", "cluster"))
      expect(await ask(cluster.url, "select 1 as one")).toEqual([{ one: 1 }])
      await cluster.destroy()
      expect([existsSync(folder), await readdir(closed)]).toEqual([false, []])
    } finally {
      await rm(closed, { recursive: true })
    }
  })
})

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  client.on("error", () => {})
  await client.connect()
  return client
}

async function ask(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = await connect(url)
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

async function untilBusy(url: string): Promise<void> {
  const client = await connect(url)
  const text = `select from pg_stat_activity
    where state = 'active' and query like '%generate_series%' and pid <> pg_backend_pid()`
  while ((await client.query(text)).rowCount === 0);
  await client.end()
}

async function listen(port: number): Promise<Server> {
  const server = createServer()
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(port, "127.0.0.1", resolve)
  await promise
  return server
}
