import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { launchOptions } from "../../src/config/launchOptions.ts"
import { type ConfigSources, loadConfig } from "../../src/config/loadConfig.ts"
import { runOptionsSchema } from "../../src/config/runOptions.ts"

let cwd: string
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "cutover-config-"))
})
afterEach(() => rm(cwd, { recursive: true }))

const load = (sources: Partial<ConfigSources>) => loadConfig({ flags: {}, env: {}, cwd, ...sources })
const writeConfig = (values: unknown) => writeFile(join(cwd, "cutover.config.json"), JSON.stringify(values))

describe("the order of sources", () => {
  it("is flag, environment, file, default", async () => {
    await writeConfig({ parallel: 3, batchTarget: "3s", lockTimeout: "300ms" })
    const env = { CUTOVER_PARALLEL: "4", CUTOVER_BATCH_TARGET: "4s" }
    const options = await load({ flags: { parallel: "5" }, env })
    expect(options).toMatchObject({ parallel: 5, batchTargetMs: 4000, lockTimeoutMs: 300, monthsAhead: 5 })
  })

  it("ends with the defaults", async () => {
    expect(await load({})).toEqual(runOptionsSchema.parse({}))
  })

  it("passes over flags that were not given, and flags that are no launch options", async () => {
    const flags = { parallel: undefined, by: "return_date", json: true }
    expect(await load({ flags, env: { CUTOVER_PARALLEL: "4" } })).toMatchObject({ parallel: 4 })
  })

  it("passes over empty variables", async () => {
    expect(await load({ env: { CUTOVER_PARALLEL: "" } })).toMatchObject({ parallel: null })
  })
})

const spellings = [
  ["interval", "week", { interval: "week" }],
  ["timezone", "Europe/Berlin", { timezone: "Europe/Berlin" }],
  ["months-ahead", "0", { monthsAhead: 0 }],
  ["months-back", "12", { monthsBack: 12 }],
  ["strategy", "relabel", { strategy: "relabel" }],
  ["writes", "block", { writes: "block" }],
  ["attach", "manual", { attach: "manual" }],
  ["attach-window", "22:30-04:00", { attachWindow: { from: 1350, to: 240 } }],
  ["fallback-window", "0", { fallbackWindowMs: 0 }],
  ["drop-legacy", "auto", { dropLegacy: "auto" }],
  ["parallel", "8", { parallel: 8 }],
  ["batch-target", "1s 500ms", { batchTargetMs: 1500 }],
  ["max-replica-lag", "30s", { maxReplicaLagMs: 30_000 }],
  ["max-rows-per-second", "20000", { maxRowsPerSecond: 20_000 }],
  ["max-wal-per-second", "50MB", { maxWalPerSecond: 50 * 1024 ** 2 }],
  ["max-waiting", "3", { maxWaiting: 3 }],
  ["max-active", "none", { maxActive: null }],
  ["throttle-sql", "select count(*) from app.queue", { throttleSql: "select count(*) from app.queue" }],
  ["copy-window", "22:00-06:00", { copyWindow: { from: 1320, to: 360 } }],
  ["nice", "on", { nice: true }],
  ["lock-timeout", "900ms", { lockTimeoutMs: 900 }],
  ["primary-key", "refuse", { primaryKey: "refuse" }],
  ["incoming-fks", "drop", { incomingFks: "drop" }],
  ["materialized-views", "recreate", { materializedViews: "recreate" }],
  ["null-keys", "default-partition", { nullKeys: "default-partition" }],
  ["require-env", "RETURNS_PARTITION_SCAFFOLD", { requireEnv: "RETURNS_PARTITION_SCAFFOLD" }],
  ["ensure-index", 'vendor,"Return Date"', { ensureIndexes: [["vendor", "Return Date"]] }],
] as const

describe.each(spellings)("--%s %s", (name, text, expected) => {
  const option = launchOptions.find((candidate) => candidate.name === name)

  it("is understood as a flag, a variable, and a key of the file in both spellings", async () => {
    expect(await load({ flags: { [option?.camelName ?? ""]: text } })).toMatchObject(expected)
    expect(await load({ env: { [option?.variable ?? ""]: text } })).toMatchObject(expected)
    await writeConfig({ [option?.camelName ?? ""]: text })
    expect(await load({})).toMatchObject(expected)
    await writeConfig({ [name]: text })
    expect(await load({})).toMatchObject(expected)
  })
})

it("has every option in the table of spellings above", () => {
  expect(spellings.map(([name]) => name)).toEqual(launchOptions.map(({ name }) => name))
})

describe("a repeatable option", () => {
  const both = { ensureIndexes: [["vendor", "return_date"], ["asin"]] }

  it("comes as a list from flags and files, and separated by semicolons from the environment", async () => {
    expect(await load({ flags: { ensureIndex: ["vendor,return_date", "asin"] } })).toMatchObject(both)
    expect(await load({ env: { CUTOVER_ENSURE_INDEX: "vendor,return_date;asin" } })).toMatchObject(both)
    await writeConfig({ ensureIndex: ["vendor,return_date", "asin"] })
    expect(await load({})).toMatchObject(both)
  })

  it("is replaced, not added to, by a stronger source", async () => {
    await writeConfig({ ensureIndex: ["vendor"] })
    expect(await load({ flags: { ensureIndex: ["asin"] } })).toMatchObject({ ensureIndexes: [["asin"]] })
  })
})

it("takes numbers from a file", async () => {
  await writeConfig({ parallel: 8, fallbackWindow: 0 })
  expect(await load({})).toMatchObject({ parallel: 8, fallbackWindowMs: 0 })
})

describe("a value that is not allowed", () => {
  it.each([
    ["interval", "decade", "day, week, month, quarter, or year"],
    ["timezone", "Mars/Olympus", "UTC or a name such as Europe/Berlin"],
    ["timezone", "+02:00", "UTC or a name such as Europe/Berlin"],
    ["months-ahead", "121", "a whole number from 0 to 120"],
    ["months-back", "-1", "a whole number from 0 to 120"],
    ["parallel", "0", "a whole number from 1 to 64"],
    ["parallel", "2.5", "a whole number from 1 to 64"],
    ["parallel", "two", "a whole number from 1 to 64"],
    ["batch-target", "1000", "a duration from 10ms to 25s"],
    ["batch-target", "26s", "a duration from 10ms to 25s"],
    ["lock-timeout", "1s", "a duration from 10ms to 900ms"],
    ["fallback-window", "366d", "a duration from 0s to 365d"],
    ["require-env", "A=1", "the name of an environment variable"],
    ["ensure-index", "vendor,", "a list of columns such as vendor,return_date"],
  ])("for %s is refused: %s", async (name, text, allowed) => {
    const option = launchOptions.find((candidate) => candidate.name === name)
    await expect(load({ env: { [option?.variable ?? ""]: text } })).rejects.toMatchObject({
      code: "CUTOVER_CONFIG_INVALID",
      exitCode: 2,
      hint: `Allowed is ${allowed}.`,
      details: { option: name, allowed },
    })
  })

  it("is refused with its option, its source and itself", async () => {
    await expect(load({ flags: { batchTarget: "1x" } })).rejects.toThrow(
      "The value '1x' for batch-target, from the flag --batch-target, is not allowed.",
    )
    await expect(load({ env: { CUTOVER_BATCH_TARGET: "1x" } })).rejects.toThrow(
      "The value '1x' for batch-target, from the environment variable CUTOVER_BATCH_TARGET, is not allowed.",
    )
    await writeConfig({ batchTarget: "1x" })
    await expect(load({})).rejects.toThrow(
      `The value '1x' for batch-target, from the file ${join(cwd, "cutover.config.json")}, is not allowed.`,
    )
  })

  it("is refused also where a stronger source overrules it", async () => {
    await expect(load({ flags: { parallel: "2" }, env: { CUTOVER_PARALLEL: "many" } })).rejects.toThrow("'many'")
  })

  it.each([true, null, { s: 1 }, ["1s"]])("is refused where it is no text and no number: %j", async (value) => {
    await writeConfig({ batchTarget: value })
    await expect(load({})).rejects.toMatchObject({ code: "CUTOVER_CONFIG_INVALID" })
  })

  it("is refused inside a list", async () => {
    await writeConfig({ ensureIndex: ["vendor", ["asin"]] })
    await expect(load({})).rejects.toThrow("for ensure-index")
  })
})

describe("a key of the file", () => {
  it.each([
    ["batchTarge", "batchTarget"],
    ["batchTargetMs", "batchTarget"],
    ["time-zone", "timezone"],
    ["max-replica-lags", "maxReplicaLag"],
    ["from", undefined],
  ])("that is unknown is refused with the nearest known one: %s", async (key, known) => {
    await writeConfig({ [key]: "x" })
    const message = `has a key that is unknown: '${key}'. The nearest known one is ${known ?? ""}`
    const error = { code: "CUTOVER_CONFIG_INVALID", message: expect.stringContaining(message) }
    await expect(load({})).rejects.toMatchObject(error)
  })

  it("that comes in both spellings is refused", async () => {
    await writeConfig({ batchTarget: "1s", "batch-target": "2s" })
    await expect(load({})).rejects.toThrow("has the option batch-target twice")
  })
})
