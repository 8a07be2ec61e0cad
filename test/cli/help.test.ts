import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { runCutover } from "../support/cli.ts"

const commands = [
  "doctor",
  "plan",
  "launch",
  "worker",
  "status",
  "log",
  "pause",
  "resume",
  "retry",
  "set",
  "verify",
  "attach",
  "abort",
  "rollback",
  "cleanup",
  "demo",
]

async function helpOf(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCutover(null, args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  return stdout
}

describe("cutover --help", () => {
  it("lists the commands in the order of a run's life, one line each", async () => {
    const help = await helpOf("--help")
    const list = help.slice(help.indexOf("Commands:"), help.indexOf("Options:")).trim().split("\n").slice(1)
    expect(list.map((line) => line.trim().split(" ")[0])).toEqual([...commands, "help"])
  })

  it("gives examples", async () => {
    expect(await helpOf("--help")).toContain("$ cutover launch public.returns_raw --by return_date --writes block")
  })

  it.each(commands)("explains %s in whole sentences, with the options of all commands", async (command) => {
    const help = await helpOf("help", command)
    expect(help).toMatch(new RegExp(`^Usage: cutover ${command}\\b`))
    expect(help.split("\n\n")[1]?.trim()).toMatch(/^[A-Z][^]*\.$/)
    expect(help).toContain("--database-url <url>")
  })

  it("tells of each launch option what is allowed and its default", async () => {
    const help = (await helpOf("launch", "--help")).replaceAll(/\s+/g, " ")
    expect(help).toContain(
      "--batch-target <duration> How long one batch should take. Allowed: a duration from 10ms to 25s. Default: 1s.",
    )
  })
})

it("cutover --version prints the package's", async () => {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string
  }
  expect(await helpOf("--version")).toBe(`${version}\n`)
})
