import { expect, it } from "vitest"
import { nearest } from "../../src/config/nearest.ts"

const known = ["interval", "timezone", "batchTarget", "parallel"]

it.each([
  ["batchTarge", "batchTarget"],
  ["batchTargetMs", "batchTarget"],
  ["BATCH_TARGET", "batchTarget"],
  ["paralel", "parallel"],
  ["timeZone", "timezone"],
])("finds for %s the known %s", (text, expected) => {
  expect(nearest(text, known)).toBe(expected)
})

it("finds nothing among nothing", () => {
  expect(nearest("parallel", [])).toBeUndefined()
})
