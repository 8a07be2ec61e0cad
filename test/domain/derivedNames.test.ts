import fc from "fast-check"
import { expect, it } from "vitest"
import {
  defaultPartitionName,
  legacyName,
  partitionName,
  partitionObjectName,
  targetName,
} from "../../src/domain/derivedNames.ts"

const table = { schema: "sales", name: "returns_raw" }

it("names all that a run makes after the table, in its schema", () => {
  expect(targetName(table)).toEqual({ schema: "sales", name: "returns_raw_partitioned" })
  expect(legacyName(table)).toEqual({ schema: "sales", name: "returns_raw_legacy" })
  expect(defaultPartitionName(table)).toEqual({ schema: "sales", name: "returns_raw_default" })
})

it.each([
  ["2025-11", "returns_raw_2025_11"],
  ["2025-11-03", "returns_raw_2025_11_03"],
  ["2025-w45", "returns_raw_2025_w45"],
  ["2025-q4", "returns_raw_2025_q4"],
  ["2025", "returns_raw_2025"],
])("names the partition %s", (label, name) => {
  expect(partitionName(table, label)).toEqual({ schema: "sales", name })
})

it("names the objects of a partition after both", () => {
  const partition = partitionName(table, "2025-11")
  expect(partitionObjectName(partition, "returns_raw_pkey")).toBe("returns_raw_2025_11_returns_raw_pkey")
})

it("keeps the names of a long table's partitions apart", () => {
  const months = Array.from({ length: 12 }, (_, month) => `2025-${String(month + 1).padStart(2, "0")}`)
  const names = (name: string) => months.map((label) => partitionName({ schema: "public", name }, label).name)
  const long = "a".repeat(60)
  const all = [...names(`${long}_x`), ...names(`${long}_y`)]
  expect(new Set(all).size).toBe(24)
  expect(all.every((name) => Buffer.byteLength(name) <= 63)).toBe(true)
})

it("keeps the objects of a partition apart, however long their names", () => {
  const objects = fc.uniqueArray(fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 63, size: "max" }))
  fc.assert(
    fc.property(objects, (objectNames) => {
      const names = objectNames.map((name) => partitionObjectName(partitionName(table, "2025-11"), name))
      expect(new Set(names).size).toBe(objectNames.length)
    }),
  )
})
