import { describe, expect, it } from "vitest"
import { type Ended, runCutover } from "../support/cli.ts"

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
