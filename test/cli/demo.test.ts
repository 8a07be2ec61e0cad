import { mkdtemp, rm } from "node:fs/promises"
import { homedir, tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { demoDirectory } from "../../src/cli/demo/demoDirectory.ts"
import type { Status } from "../../src/domain/status.ts"
import { findCluster } from "../../src/embedded/cluster.ts"
import { type Ended, runCutover } from "../support/cli.ts"

describe("the demo's directory", () => {
  it("is below the user's cache", () => {
    expect(demoDirectory({})).toBe(join(homedir(), ".cache/pg-cutover/demo"))
    expect(demoDirectory({ XDG_CACHE_HOME: "/var/cache/me" })).toBe("/var/cache/me/pg-cutover/demo")
  })

  it("does not follow a relative XDG_CACHE_HOME, as its specification says", () => {
    expect(demoDirectory({ XDG_CACHE_HOME: "cache" })).toBe(demoDirectory({}))
  })
})

describe("cutover demo", () => {
  let cache: string
  const run = (...args: string[]): Promise<Ended> => runCutover(null, args, { XDG_CACHE_HOME: cache, npm_command: "" })
  beforeAll(async () => {
    cache = await mkdtemp(join(tmpdir(), "cutover-cache-"))
  })
  afterAll(async () => {
    await (await findCluster(demoDirectory({ XDG_CACHE_HOME: cache })))?.destroy()
    await rm(cache, { recursive: true })
  })

  it("has nothing to stop or remove before it was started", async () => {
    for (const option of ["--stop", "--remove"]) {
      expect(await run("demo", option)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^There is no demo in /) as string,
      })
    }
  })

  it("partitions a table of its own, says what to type next, and starts over when it is called again", async () => {
    for (const rows of ["3000", "2000"]) {
      const { code, stdout, stderr } = await run("demo", "--rows", rows)
      expect({ code, stderr }).toMatchObject({ code: 0 })
      expect(stderr).toContain("Making public.returns_raw")
      const counted = `${Number(rows).toLocaleString("en-US")} before, ${Number(rows).toLocaleString("en-US")} after`
      expect(stdout).toContain(counted)
      for (const line of [
        "cutover status public.returns_raw",
        "cutover demo --stop",
        "export DATABASE_URL='postgres://",
      ]) {
        expect(stdout).toContain(line)
      }
    }
  })

  it("leaves a server that other commands use where no database is given, and start when it is down", async () => {
    expect(await run("demo", "--stop")).toMatchObject({ code: 0, stderr: "" })
    const { code, stdout, stderr } = await run("status", "public.returns_raw")
    expect(code).toBe(0)
    expect(stdout).toContain("24")
    expect(stderr).toMatch(
      /^No database was given, so this is the demo's: postgres:\/\/postgres@127\.0\.0\.1:\d+\/postgres /,
    )
    expect(stderr).toMatch(/ \(it was down and is started\)\n$/)
    const listed = await run("status", "--json")
    expect((JSON.parse(listed.stdout) as Status[]).map((one) => one.run.state)).toEqual(["cleanup", "done"])
    expect(listed.stderr).toBe("")
  })

  it("drops the legacy table early when a reason is given", async () => {
    const cleanup = ["cleanup", "public.returns_raw", "--confirm", "public.returns_raw"]
    const open = await run(...cleanup, "--json")
    expect(open.code).toBe(9)
    expect(open.stderr).toContain("CUTOVER_FALLBACK_OPEN")
    const { code, stdout } = await run(...cleanup, "--before-window", "--reason", "only a demo")
    expect(code).toBe(0)
    expect(stdout).toMatch(/done\n$/)
  })

  it("is removed with all that was in it", async () => {
    expect(await run("demo", "--remove")).toMatchObject({ code: 0, stderr: "" })
    expect(await findCluster(demoDirectory({ XDG_CACHE_HOME: cache }))).toBeUndefined()
  })
})
