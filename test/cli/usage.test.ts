import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it, vi } from "vitest"
import { pause } from "../../src/runtime/commands/pause.ts"
import { resume } from "../../src/runtime/commands/resume.ts"
import { type Ended, bin, runCutover } from "../support/cli.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { launchRun, services } from "../support/runs.ts"

/** Nobody listens at port 1: a command that got as far as connecting would exit 6. */
const nowhere = "postgres://nobody@127.0.0.1:1/nothing"

const run = (...args: string[]): Promise<Ended> => runCutover(nowhere, args)

describe("wrong use exits 2, says what was wrong, and where the help is", () => {
  it.each([
    ["an unknown command", ["staus"], "Unknown command 'staus' (Did you mean status?)", "cutover --help"],
    ["a command that does not exist yet", ["ui"], "Unknown command 'ui'", "cutover --help"],
    [
      "an unknown option",
      ["status", "--wach"],
      "Unknown option '--wach' (Did you mean --watch?)",
      "cutover status --help",
    ],
    ["a missing argument", ["pause"], "Missing required argument 'run'.", "cutover pause --help"],
    ["an argument too many", ["pause", "a", "b"], "Too many arguments", "cutover pause --help"],
    ["a missing option", ["launch", "t"], "Required option '--by <column>' not specified.", "cutover launch --help"],
    [
      "options that exclude each other",
      ["demo", "--flights", "--rows", "5"],
      "cannot be used with",
      "cutover demo --help",
    ],
    ["a name that is none", ["launch", "a.b.c", "--by", "d"], "it has more than two parts", "table or schema.table"],
    ["two partition keys", ["launch", "t", "--by", "a,b"], "--by takes one column", "Name the column"],
    ["a count that is none", ["demo", "--rows", "many"], "--rows takes a whole number, and many is none.", "1000000"],
  ])("for %s", async (_case, args, message, hint) => {
    const { code, stdout, stderr } = await run(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toContain(message)
    expect(stderr).toContain(hint)
    expect(stderr).toContain("CUTOVER_USAGE")
  })

  it.each([
    ["a mode", ["launch", "t", "--by", "d", "--writes", "ignore"], "Allowed is capture or block."],
    ["a duration", ["pause", "t", "--for", "2 hours"], "such as 100ms, 1s, 10m"],
  ])("for a value of an option that is not allowed: %s", async (_case, args, hint) => {
    const { code, stderr } = await run(...args)
    expect(code).toBe(2)
    expect(stderr).toContain(hint)
    expect(stderr).toContain("CUTOVER_CONFIG_INVALID")
  })

  it("shows the help, on stderr, when no command is given", async () => {
    const { code, stdout, stderr } = await run()
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(stderr).toContain("Usage: cutover <command> [options]")
    expect(stderr).toContain("No command was given.")
  })
})

describe("with --json, wrong use is one JSON document on stderr", () => {
  it.each([
    ["no command", ["--json"]],
    ["an unknown command", ["--json", "staus"]],
    ["an unknown option, before --json", ["status", "--wach", "--json"]],
    ["a missing argument", ["resume", "--json"]],
    ["a name that is none", ["launch", "a.b.c", "--by", "d", "--json"]],
  ])("for %s", async (_case, args) => {
    const { code, stdout, stderr } = await run(...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" })
    expect(JSON.parse(stderr)).toEqual({
      error: {
        code: "CUTOVER_USAGE",
        message: expect.stringMatching(/\w/) as string,
        state: "Nothing was changed.",
        hint: expect.stringMatching(/\w/) as string,
        details: expect.anything() as object,
      },
    })
  })

  it("does not take --json for an option where it is an argument", async () => {
    const { code, stderr } = await run("staus", "--", "--json")
    expect(code).toBe(2)
    expect(stderr).toMatch(/^✗ /m)
  })
})

/** A file that is always full, which Linux has. */
const hasFullDevice = existsSync("/dev/full")

describe("where the shell gives it a bad place", () => {
  it.runIf(hasFullDevice)("a full disk below stdout exits 2 and says so", async () => {
    const { code, stderr } = await inShell("cutover --help > /dev/full")
    expect(stderr).toContain("The result cannot be written: ENOSPC")
    expect(stderr).not.toContain("    at ")
    expect(code).toBe(2)
  })

  it.runIf(hasFullDevice)("a full disk below stderr changes nothing in the exit code", async () => {
    expect((await inShell("cutover staus 2> /dev/full")).code).toBe(2)
  })

  it("a reader of stdout that leaves is no error", async () => {
    expect(await inShell("{ cutover --help; echo $? >&2; } | true")).toMatchObject({ stderr: "0\n" })
  })

  // Nothing can be made below it, whoever asks.
  it.runIf(existsSync("/proc/self"))("a place for the demo where there is none is refused with a message", async () => {
    const { code, stderr } = await inShell("cutover demo --directory /proc/cutover/demo")
    expect(stderr).toContain("The embedded PostgreSQL in /proc/cutover/demo cannot be used: ")
    expect(stderr).toContain("Give another directory")
    expect(code).toBe(6)
  })

  it("a configuration file that throws while it is read exits 2", async () => {
    const thrower = "export default { get parallel() { throw new Error('thrown') } }"
    const script = `d=$(mktemp -d); cd "$d"; echo "${thrower}" > cutover.config.js; cutover launch t --by d; code=$?; rm -r "$d"; exit $code`
    const { code, stderr } = await inShell(script)
    expect(stderr).toContain("cutover.config.js cannot be read: thrown")
    expect(code).toBe(2)
  })

  it("a current folder that is gone exits 2", async () => {
    const { code, stderr } = await inShell(
      'd=$(mktemp -d); cd "$d"; rmdir "$d"; cutover plan t --by d --database-url postgres://nobody@127.0.0.1:1/nothing',
    )
    expect(stderr).toContain("The current folder does not exist any more")
    expect(code).toBe(2)
  })
})

/** `sh` runs this, with the command at hand as `cutover`. */
async function inShell(script: string): Promise<{ code: number | null; stderr: string }> {
  const child = spawn("/bin/sh", ["-c", `cutover() { "${process.execPath}" "${bin}" "$@"; }; ${script}`], {
    stdio: ["ignore", "ignore", "pipe"],
  })
  let stderr = ""
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()))
  const [code] = (await once(child, "close")) as [number | null]
  return { code, stderr }
}

describe("a reader that takes the first line of a run's status and leaves", () => {
  it.each(["", " --json"])("ends status --watch%s, without an error", async (json) => {
    await using database = await createDatabase("head")
    await database.query("create table t (id int primary key, d date not null)")
    await using open = await services(database)
    const { id } = await launchRun(open, { table: "t", by: "d" })
    const script = `{ cutover status t --watch${json} --database-url '${database.url}'; echo $? >&2; } | head -n 1 > /dev/null`
    const watching = inShell(script)
    await vi.waitFor(async () => expect(await watchers(database)).toBeGreaterThan(0), { timeout: 20_000 })
    for (let n = 0; (await Promise.race([watching, sleep(300, "watching")])) === "watching"; n++)
      await (n % 2 === 0 ? pause(open, id, { reason: null, forMs: null }) : resume(open, id))
    expect(await watching).toMatchObject({ stderr: "0\n" })
  })
})

async function watchers(database: TestDatabase): Promise<number> {
  const found = await database.query(
    "select from pg_stat_activity where application_name = 'cutover/status' and datname = current_database()",
  )
  return found.length
}
