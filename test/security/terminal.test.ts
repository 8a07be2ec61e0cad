import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Ended, runCutover } from "../support/cli.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { hostileTable } from "./hostileTable.ts"

/** Colors, a window's title, a cleared screen, their C1 forms, a bell, a carriage return, and text that runs the other way. */
const name = "\u001b[31m\u001b]0;own\u0007\u001b[2J\u009b2J\u009d0;\u007f\r\u0008\u202e"
const quoted = `"${name}"`
const hostile = hostileTable(name)

let database: TestDatabase
beforeAll(async () => {
  database = await createDatabase("terminal")
  await database.query(`
    create schema canary;
    create function canary.fired() returns trigger language plpgsql as $$ begin return null; end $$;
    ${hostile.setup}`)
})
afterAll(() => database.drop())

/** All that a terminal could take for something else than text: nothing of ours needs any of it where colors are off. */
const commands = /(?![\n\t])[\p{Cc}\p{Bidi_Control}]/u

async function expectPlain(args: readonly string[], code: number): Promise<Ended> {
  const ended = await runCutover(database.url, args)
  expect(ended.code, ended.stderr).toBe(code)
  expect(ended.stdout + ended.stderr).not.toBe("")
  for (const text of [ended.stdout, ended.stderr]) {
    expect(commands.exec(text)?.[0] ?? "", JSON.stringify(text)).toBe("")
  }
  return ended
}

describe("what a terminal would take for commands", () => {
  const by = ["--by", quoted]

  it.each<readonly [string[], number]>([
    [["plan", hostile.table, ...by], 0],
    [["plan", hostile.table, ...by, "--sql"], 0],
    [["plan", hostile.table, ...by, "--json"], 0],
    [["plan", hostile.table, "--by", `"${name}?"`], 2],
    [["plan", `nowhere."${name}"`, "--by", "d"], 2],
    [["plan", `a.b.c.${name}`, "--by", "d"], 2],
    [["plan", hostile.table, ...by, "--interval", name], 2],
    [["plan", hostile.table, ...by, `--${name}`], 2],
    [[name], 2],
    [["plan", hostile.table, ...by, "--verbose"], 0],
    [["status", hostile.table], 2],
    [["status", hostile.table, "--json"], 2],
    [["status", hostile.table, "--verbose"], 2],
  ])("are not among the output of %j", async (args, code) => {
    await expectPlain(args, code)
  })

  it("are not among the output of a run's whole life", async () => {
    const work = ["--batch-target", "20ms", "--months-ahead", "0", "--months-back", "0"]
    await expectPlain(["launch", hostile.table, ...by, ...work, "--attach", "manual", "--detach"], 0)
    await expectPlain(["launch", hostile.table, ...by, "--detach"], 3)
    await expectPlain(["pause", hostile.table, "--reason", name], 0)
    await expectPlain(["status"], 0)
    await expectPlain(["status", hostile.table], 0)
    await expectPlain(["status", hostile.table, "--json"], 0)
    await expectPlain(["attach", hostile.table], 0)
    await expectPlain(["resume", hostile.table], 0)
    await expectPlain(["verify", hostile.table], 0)
    await expectPlain(["status", hostile.table], 0)
    await expectPlain(["rollback", hostile.table, "--reason", name, "--yes"], 0)
    await expectPlain(["log", hostile.table], 0)
    await expectPlain(["log", hostile.table, "--json"], 0)
    await expectPlain(["abort", hostile.table, "--confirm", name], 9)
  })
})
