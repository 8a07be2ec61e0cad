import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import pg from "pg"
import { describe, expect, inject, it } from "vitest"
import { createDatabase, startServer } from "./database.ts"
import { isDockerAnswering } from "./docker.ts"
import { destroyLeftovers } from "./testClusters.ts"

describe("a test's database", () => {
  it("is its own, and gone afterwards whoever is still connected", async () => {
    let url: string
    {
      await using mine = await createDatabase("mine")
      await using other = await createDatabase("mine")
      await mine.query("create table t (a int)")
      expect(await other.query("select to_regclass('t') as t")).toEqual([{ t: null }])
      url = mine.url
      const lingering = new pg.Client(url)
      lingering.on("error", () => {})
      await lingering.connect()
    }
    await expect(new pg.Client(url).connect()).rejects.toMatchObject({ code: "3D000" })
    expect(new URL(url).host).toBe(new URL(inject("adminUrl")).host)
  })
})

describe("a test's own server", () => {
  it("keeps what was committed when it is killed, and nothing else", async () => {
    await using server = await startServer()
    const database = await server.createDatabase()
    await database.query("create table t as select 1 as a")
    const client = await database.pool.connect()
    client.on("error", () => {})
    await client.query("begin; insert into t values (2)")

    await server.killImmediately()
    await expect(client.query("commit")).rejects.toBeInstanceOf(Error)
    client.release(true)
    await server.start()

    expect(await database.query("select a from t")).toEqual([{ a: 1 }])
    await database.drop()
  })

  it("is swept away by the next test run when its own was killed", async () => {
    const script = `
      import { openTestCluster } from ${JSON.stringify(join(import.meta.dirname, "testClusters.ts"))}
      const cluster = await openTestCluster(18)
      console.log(JSON.stringify({ directory: cluster.directory, url: cluster.url }))
      setInterval(() => {}, 1000)`
    const options = ["--input-type=module", "--eval", script]
    const run = spawn(process.execPath, options, { stdio: ["ignore", "pipe", "inherit"] })
    const [line] = (await once(run.stdout, "data")) as [Buffer]
    const { directory, url } = JSON.parse(line.toString()) as { directory: string; url: string }
    await destroyLeftovers()
    expect(existsSync(directory)).toBe(true)

    run.kill("SIGKILL")
    await once(run, "exit")
    await destroyLeftovers()

    expect(existsSync(directory)).toBe(false)
    await expect(new pg.Client(url).connect()).rejects.toMatchObject({ code: "ECONNREFUSED" })
  })
})

describe("the question for Docker", () => {
  it.each([
    ["answers", 200, true],
    ["is broken", 500, false],
    ["says nothing", undefined, false],
  ])("finds out within two seconds that an engine %s", async (_what, status, isAnswering) => {
    const engine = createServer((_request, response) => {
      if (status !== undefined) response.writeHead(status).end()
    })
    await once(engine.listen(0, "127.0.0.1"), "listening")
    const { port } = engine.address() as AddressInfo
    const asked = Date.now()
    expect(await isDockerAnswering(`tcp://127.0.0.1:${port}`)).toBe(isAnswering)
    expect(Date.now() - asked).toBeLessThan(2_000)
    engine.close()
    engine.closeAllConnections()
  })

  it.each(["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1", "ssh://somebody@somewhere", "nonsense"])(
    "knows that nobody answers at %s",
    async (host) => {
      expect(await isDockerAnswering(host)).toBe(false)
    },
  )
})
