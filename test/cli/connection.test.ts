import { mkdtemp, rm } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest"
import { runCutover } from "../support/cli.ts"

const secret = "open-sesame"

let cache: string
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "cutover-cache-"))
})
afterAll(() => rm(cache, { recursive: true }))

function changed(change: (url: URL) => void): string {
  const url = new URL(inject("adminUrl"))
  change(url)
  return url.href
}

/** A port at which nobody listens, because its listener has just left. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port: 0 }, () => resolve()))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === "object" && address !== null ? address.port : 0
}

describe("a database that cannot be reached", () => {
  it("exits 6 and names the address, without the password", async () => {
    const url = `postgres://me:${secret}@127.0.0.1:${await freePort()}/shop`
    const { code, stdout, stderr } = await runCutover(url, ["status"])
    expect({ code, stdout }).toEqual({ code: 6, stdout: "" })
    expect(stderr).toContain(
      `The database at ${url.replace(`:${secret}`, "")} cannot be reached: nobody listens there.`,
    )
    expect(stderr).toContain("DATABASE_URL")
    expect(stderr).not.toContain(secret)
  })

  it("is a JSON document on stderr with --json, also without the password", async () => {
    const url = `postgres://me:${secret}@localhost:${await freePort()}/shop`
    const { code, stdout, stderr } = await runCutover(null, [
      "--json",
      "launch",
      "t",
      "--by",
      "d",
      "--database-url",
      url,
    ])
    expect({ code, stdout }).toEqual({ code: 6, stdout: "" })
    const { error } = JSON.parse(stderr) as { error: object }
    expect(error).toMatchObject({ code: "CUTOVER_UNREACHABLE", state: "Nothing was changed." })
    expect(stderr).not.toContain(secret)
  })

  it("shows the stack with --verbose only, and no password even there", async () => {
    const url = `postgres://me:${secret}@127.0.0.1:${await freePort()}/shop`
    expect((await runCutover(url, ["status"])).stderr).not.toContain("    at ")
    const { stderr } = await runCutover(url, ["status", "--verbose"])
    expect(stderr).toContain("    at ")
    expect(stderr).not.toContain(secret)
  })

  it("says which way of naming a database it followed", async () => {
    const env = { PGPORT: String(await freePort()), XDG_CACHE_HOME: cache }
    const ended = await runCutover(null, ["status"], env)
    expect(ended).toMatchObject({ code: 6, stderr: expect.stringContaining("the PG* variables") as string })
  })
})

describe("a server that does not let us in", () => {
  it("exits 2 for a wrong password, and does not show it", async () => {
    const url = changed((one) => (one.password = secret))
    const { code, stderr } = await runCutover(url, ["status"])
    expect(code).toBe(2)
    expect(stderr).toContain("password authentication failed")
    expect(stderr).toContain("CUTOVER_CONFIG_INVALID")
    expect(stderr).not.toContain(secret)
  })

  it("exits 2 for a database that does not exist, and names it", async () => {
    const url = changed((one) => (one.pathname = "/no_such_database"))
    const { code, stderr } = await runCutover(url, ["status"])
    expect(code).toBe(2)
    expect(stderr).toContain(`database "no_such_database" does not exist`)
    expect(stderr).toContain("CUTOVER_CONFIG_INVALID")
  })

  it("exits 2 for what is no PostgreSQL URL, before anything is connected", async () => {
    const { code, stderr } = await runCutover(null, ["status", "--database-url", `mysql://me:${secret}@db/shop`])
    expect(code).toBe(2)
    expect(stderr).toContain("The value of --database-url is not a PostgreSQL URL.")
    expect(stderr).not.toContain(secret)
  })

  it.each([
    {
      what: "an unknown setting",
      query: "options=-c%20nosuch=1",
      says: `unrecognized configuration parameter "nosuch"`,
    },
    { what: "a value a setting cannot have", query: "statement_timeout=abc", says: `"statement_timeout": "NaN"` },
    { what: "an unknown role", query: "options=-c%20role=nosuch", says: `role "nosuch" does not exist` },
    { what: "a library that is not there", query: "options=-c%20session_preload_libraries=no", says: `file "no"` },
    { what: "a connection for replication", query: "replication=true", says: "physical replication" },
    { what: "a certificate that is not there", query: "sslrootcert=/no/such.pem", says: "The file /no/such.pem" },
    { what: "a port that is no number", query: "port=abc", says: "The port abc of DATABASE_URL" },
    { what: "a byte that no name holds", query: "application_name=a%00b", says: "is not a PostgreSQL URL" },
  ])("exits 2 for $what in the URL, and says what is wrong", async ({ query, says }) => {
    const { code, stderr } = await runCutover(
      changed((one) => (one.search = query)),
      ["status"],
    )
    expect(stderr).toContain(says)
    expect(stderr).toContain("DATABASE_URL")
    expect(stderr).toContain("CUTOVER_CONFIG_INVALID")
    expect(code).toBe(2)
  })

  it.each(["abc", "0", "70000"])("exits 2 for the PGPORT %s, which no port can have", async (port) => {
    const { code, stderr } = await runCutover(null, ["status"], { PGHOST: "127.0.0.1", PGPORT: port })
    expect(stderr).toContain(`The port ${port} of PGPORT`)
    expect(code).toBe(2)
  })
})
