import { expect, it } from "vitest"
import { launchOptions } from "../../src/config/launchOptions.ts"
import { runOptionsSchema } from "../../src/config/runOptions.ts"

const optionOf = (name: string) => launchOptions.find((option) => option.name === name)

it("has every option of a run once", () => {
  const keys = launchOptions.map(({ key }) => key)
  expect(keys.toSorted()).toEqual(Object.keys(runOptionsSchema.shape).toSorted())
  expect(new Set(launchOptions.map(({ name }) => name)).size).toBe(keys.length)
})

it("knows each by its flag, its key in a file and its variable", () => {
  expect(optionOf("batch-target")).toMatchObject({
    key: "batchTargetMs",
    flag: "--batch-target <duration>",
    camelName: "batchTarget",
    variable: "CUTOVER_BATCH_TARGET",
    repeatable: false,
  })
  expect(optionOf("ensure-index")).toMatchObject({ key: "ensureIndexes", repeatable: true })
})

it.each([
  ["interval", "How much time one partition holds. Allowed: day, week, month, quarter, or year. Default: month."],
  ["batch-target", "How long one batch should take. Allowed: a duration from 10ms to 25s. Default: 1s."],
  [
    "parallel",
    "How many partitions are copied at once. Allowed: a whole number from 1 to 64. Default: the server's cores, 2 to 8, where it runs on this machine; else 2.",
  ],
])("describes %s with what is allowed and the default", (name, description) => {
  expect(optionOf(name)?.description).toBe(description)
})

it.each(launchOptions)("describes $name in words of its own", ({ description }) => {
  expect(description).toMatch(/^[A-Z].*\. Allowed: \S.*\. Default: \S.*\.$/)
  expect(description).not.toMatch(/undefined|NaN|Infinity|forever|\[object/)
})

it("leaves out options whose feature does not exist", () => {
  const names = launchOptions.map(({ name }) => name)
  expect(names).not.toEqual(expect.arrayContaining([expect.stringMatching(/^from$/)]))
})
