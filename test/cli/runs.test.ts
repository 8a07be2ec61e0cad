import { once } from "node:events"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { Status } from "../../src/domain/status.ts"
import type { ErrorDocument } from "../../src/errors/CutoverError.ts"
import type { LogRecord } from "../../src/log/records.ts"
import { type Ended, runCutover, startCutover } from "../support/cli.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { catalogOf } from "../support/oracle.ts"

let database: TestDatabase
beforeAll(async () => {
  database = await createDatabase("cli")
})
afterAll(() => database.drop())

/** Called as `cutover`, whatever npm command runs the tests. */
const run = (...args: string[]): Promise<Ended> => runCutover(database.url, args, { npm_command: "" })
const statusOf = (ended: Ended): Status => JSON.parse(ended.stdout) as Status
const errorOf = (ended: Ended): ErrorDocument => (JSON.parse(ended.stderr) as { error: ErrorDocument }).error

let counter = 0
let table: string
beforeEach(async () => {
  counter += 1
  table = `returns_${counter}`
  await database.query(`create table ${table} (id bigint primary key, d date not null)`)
  await database.query(`insert into ${table} select g, date '2025-01-15' + g from generate_series(0, 99) g`)
})

/** A run that nobody works. */
async function launch(...options: string[]): Promise<Status> {
  const ended = await run("launch", table, "--by", "d", "--writes", "block", "--detach", "--json", ...options)
  expect(ended).toMatchObject({ code: 0, stderr: "" })
  return statusOf(ended)
}

describe("before the first launch", () => {
  it("there is no run, and looking changes nothing", async () => {
    await using empty = await createDatabase("empty")
    const before = await catalogOf(empty)
    expect(await runCutover(empty.url, ["status"])).toMatchObject({
      code: 0,
      stderr: "",
      stdout: expect.stringMatching(/^No run yet/) as string,
    })
    expect(await runCutover(empty.url, ["status", "--json"])).toMatchObject({ code: 0, stdout: "[]\n" })
    for (const command of ["status", "log", "pause", "resume", "retry", "attach", "abort", "cleanup"]) {
      const { code, stderr } = await runCutover(empty.url, [command, "public.t"])
      expect({ command, code }).toEqual({ command, code: 2 })
      expect(stderr).toContain("CUTOVER_RUN_UNKNOWN")
    }
    expect(await catalogOf(empty)).toEqual(before)
  })
})

describe("launch --detach", () => {
  it("says which run it is, how to watch and undo it, and that no worker is alive", async () => {
    const { code, stdout, stderr } = await run("launch", table, "--by", "d", "--writes", "block", "--detach")
    expect(code).toBe(0)
    expect(stdout).toBe(`public.${table} prep | running\n`)
    expect(stderr).toMatch(new RegExp(`^Run \\w{26} of public\\.${table} is launched`))
    for (const line of [
      `cutover status public.${table} --watch`,
      `cutover pause public.${table}`,
      `cutover resume public.${table}`,
      `cutover abort public.${table} --confirm public.${table}`,
      "No worker is alive, so nothing happens yet. Start one: cutover worker",
    ]) {
      expect(stderr).toContain(line)
    }
  })

  it("quotes names for the shell in the commands that it prints", async () => {
    await database.query(`create table if not exists "Mixed 'Case'" (id bigint primary key, d date not null)`)
    const { code, stderr } = await run("launch", `"Mixed 'Case'"`, "--by", "d", "--writes", "block", "--detach")
    expect(code).toBe(0)
    expect(stderr).toContain(String.raw`cutover pause 'public."Mixed '\''Case'\''"'`)
  })

  it("prints with --json the status document, and nothing on stderr", async () => {
    const status = await launch()
    expect(status).toMatchObject({
      schemaVersion: 1,
      run: { table: `public.${table}`, by: "d", state: "prep", control: "running", workers: 0 },
    })
    expect(statusOf(await run("status", table, "--json"))).toEqual(status)
    expect(statusOf(await run("status", status.run.id, "--json"))).toEqual(status)
  })

  it("is refused with exit code 3 while a run of the table is open", async () => {
    const { run: open } = await launch()
    const again = await run("launch", table, "--by", "d", "--writes", "block", "--json")
    expect(again).toMatchObject({ code: 3, stdout: "" })
    expect(errorOf(again)).toMatchObject({ code: "CUTOVER_RUN_OPEN", details: { run: open.id } })
  })

  it.each([
    ["an unknown table", ["no_such_table", "--by", "d"], 2, "CUTOVER_TABLE_UNKNOWN"],
    ["an unknown column", ["returns_1", "--by", "no_such_column"], 2, "CUTOVER_COLUMN_UNKNOWN"],
    ["a key of another type", ["returns_1", "--by", "id"], 3, "CUTOVER_KEY_TYPE"],
  ])("is refused for %s", async (_case, args, code, errorCode) => {
    const ended = await run("launch", ...args, "--writes", "block", "--json")
    expect(ended).toMatchObject({ code, stdout: "" })
    expect(errorOf(ended)).toMatchObject({ code: errorCode, state: "Nothing was changed." })
  })
})

describe("pause, resume and retry", () => {
  it("pause says where the run stands, and a second one that it is paused already", async () => {
    await launch()
    const first = await run("pause", table, "--reason", "lunch")
    expect(first).toMatchObject({ code: 0, stdout: `public.${table} prep | paused: lunch\n` })
    expect(first.stderr).toContain(`cutover resume public.${table}`)
    const second = await run("pause", table, "--reason", "dinner")
    expect(second).toMatchObject({ code: 0, stdout: first.stdout })
    expect(second.stderr).toContain("It is paused already")
  })

  it.each(["resume", "retry"])(
    "%s --detach lets a paused run go on, and leaves the work to workers",
    async (command) => {
      await launch()
      await run("pause", table)
      const ended = await run(command, table, "--detach", "--json")
      expect(ended).toMatchObject({ code: 0, stderr: "" })
      expect(statusOf(ended).run).toMatchObject({ control: "running", reason: null })
    },
  )

  it("retry names the partitions when it is given another", async () => {
    await launch()
    const ended = await run("retry", table, "--partition", "1999-01", "--json")
    expect(ended).toMatchObject({ code: 2, stdout: "" })
    expect(errorOf(ended)).toMatchObject({ code: "CUTOVER_PARTITION_UNKNOWN" })
  })
})

describe("a worker", () => {
  it("is told apart from nobody: resume exits 8 and names it, launch --detach leaves the work to it", async () => {
    const worker = startCutover(database.url, ["worker"])
    try {
      await launchedBy(worker)
      const launched = await run("launch", table, "--by", "d", "--writes", "block", "--attach", "manual", "--detach")
      expect(launched.stderr).toContain(`It is worked by process ${worker.process.pid} on `)
      const ended = await run("resume", table, "--json")
      expect(ended).toMatchObject({ code: 8, stdout: "" })
      expect(errorOf(ended)).toMatchObject({
        code: "CUTOVER_RUN_BUSY",
        details: { workers: [{ pid: worker.process.pid }] },
      })
    } finally {
      worker.process.kill("SIGTERM")
      await worker.ended
    }
  })

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("leaves on %s with exit code %i, and is not alive any more", async (signal, code) => {
    const worker = startCutover(database.url, ["worker"])
    await launchedBy(worker)
    worker.process.kill(signal)
    expect(await worker.ended).toMatchObject({ code, signal: null, stdout: "" })
    expect(await database.query("select 1 from cutover.workers where pid = $1", [worker.process.pid])).toEqual([])
  })
})

/** Waits until the worker has said that it is ready. */
async function launchedBy(worker: ReturnType<typeof startCutover>): Promise<void> {
  while (!worker.stderr().includes("the worker is ready")) await once(worker.process.stderr, "data")
}

describe("what destroys something wants the table's name typed", () => {
  it.each([
    ["nothing is typed", ["abort"], []],
    ["--yes is given instead", ["abort"], ["--yes"]],
    ["another name is typed", ["abort"], ["--confirm", "public.orders"]],
    ["a name of another schema is typed", ["abort"], ["--confirm", "sales.returns_1"]],
    ["what is typed is no name", ["abort"], ["--confirm", "a.b.c"]],
    ["nothing is typed to cleanup", ["cleanup"], ["--before-window", "--reason", "why not"]],
  ])("and exits 9 when %s", async (_case, [command = ""], options) => {
    const before = await launch()
    const ended = await run(command, table, ...options, "--json")
    expect(ended).toMatchObject({ code: 9, stdout: "" })
    expect(errorOf(ended)).toMatchObject({ code: "CUTOVER_CONFIRMATION_NEEDED", details: { table: `public.${table}` } })
    expect(errorOf(ended).hint).toContain(`cutover ${command} ${before.run.id} --confirm public.${table}`)
    expect(statusOf(await run("status", table, "--json"))).toEqual(before)
  })

  it.each(["public.", ""])("abort goes ahead when %stable is typed", async (schema) => {
    await launch()
    const ended = await run("abort", table, "--confirm", `${schema}${table}`, "--json")
    expect(ended).toMatchObject({ code: 0, stderr: "" })
    expect(statusOf(ended).run).toMatchObject({ state: "aborted", finishedAt: expect.any(String) as string })
  })
})

describe("a run that is finished", () => {
  beforeEach(async () => {
    await launch()
    await run("abort", table, "--confirm", table)
  })

  it("has nothing left to resume", async () => {
    const { code, stderr } = await run("resume", table)
    expect(code).toBe(0)
    expect(stderr).toContain("the run is finished")
  })

  it.each(["pause", "retry", "attach"])("cannot be told to %s, with exit code 2", async (command) => {
    const ended = await run(command, table, "--json")
    expect(ended).toMatchObject({ code: 2, stdout: "" })
    expect(errorOf(ended)).toMatchObject({ code: "CUTOVER_STEP_NOT_ALLOWED" })
  })

  it("ends status --watch and log --follow", async () => {
    const watched = await run("status", table, "--watch")
    expect(watched).toMatchObject({ code: 0, stderr: "", stdout: expect.stringMatching(/aborted\n$/) as string })
    const followed = await run("log", table, "--follow")
    expect(followed).toMatchObject({ code: 0, stderr: "" })
    expect(followed.stdout.trim().split("\n").at(-1)).toContain("run.aborted")
  })
})

describe("log --json", () => {
  it("prints one record per line, in their order", async () => {
    await launch()
    await run("pause", table)
    const { stdout } = await run("log", table, "--json")
    const records = stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as LogRecord)
    expect(records.map(({ kind, tableName }) => [kind, tableName])).toEqual([
      ["run.launched", `public.${table}`],
      ["run.paused", `public.${table}`],
    ])
  })
})

describe("streams", () => {
  it("status --watch --json prints a line for each change, and Ctrl-C ends it with exit code 130", async () => {
    await launch()
    const watch = startCutover(database.url, ["status", table, "--watch", "--json"])
    let stdout = ""
    watch.process.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()))
    while (!stdout.includes("\n")) await once(watch.process.stdout, "data")
    await run("pause", table)
    while (!stdout.includes(`"paused"`)) await once(watch.process.stdout, "data")
    watch.process.kill("SIGINT")
    expect(await watch.ended).toMatchObject({ code: 130, signal: null, stderr: "" })
    const controls = stdout
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as Status).run.control)
    expect(controls).toEqual(["running", "paused"])
  })

  it("a reader of stdout that goes away ends nothing but the output", async () => {
    await launch()
    const log = startCutover(database.url, ["log", table])
    log.process.stdout.destroy()
    expect(await log.ended).toMatchObject({ code: 0, signal: null, stderr: "" })
  })

  it("have no colors where there is no terminal", async () => {
    await launch()
    const { stdout } = await run("status", table)
    expect(stdout).not.toContain("\u001B")
  })
})
