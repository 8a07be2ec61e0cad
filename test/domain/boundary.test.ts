import { expect, it } from "vitest"
import { boundaryDay } from "../../src/domain/boundary.ts"

it.each([
  ["month", "2025-11-12", null, "2025-12-01"],
  ["month", "2025-11-12", "2025-10-30", "2025-12-01"],
  // A week before the end of the month is enough, and a day less is not.
  ["month", "2025-11-24", null, "2025-12-01"],
  ["month", "2025-11-25", null, "2026-01-01"],
  ["month", "2025-11-12", "2027-02-03", "2027-03-01"],
  ["month", "2025-11-12", "2027-02-28", "2027-04-01"],
  ["day", "2025-11-12", null, "2025-11-19"],
  ["week", "2025-11-12", null, "2025-11-24"],
  ["quarter", "2025-12-28", null, "2026-04-01"],
  ["year", "2025-11-12", null, "2026-01-01"],
] as const)("a history by the %s, looked at on %s with a last key of %s, ends on %s", (interval, today, last, end) => {
  expect(boundaryDay(interval, today, last)).toBe(end)
})
