import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { etaMs, progressRatio, rowsPerSecond } from "../../src/domain/progress.ts"
import type { Status } from "../../src/domain/status.ts"

describe("progressRatio", () => {
  it.each([
    ["nothing in prep", "prep", {}, 0],
    ["the share of rows while copying", "copy", { rowsCopied: 41_300_000, rowsEstimated: 67_500_000 }, 0.6119],
    ["right beyond 2^53", "copy", { rowsCopied: "10000000000000000", rowsEstimated: "40000000000000000" }, 0.25],
    ["almost all where the estimate was too low", "copy", { rowsCopied: 120, rowsEstimated: 100 }, 0.999],
    ["nothing while there is no estimate", "copy", { rowsCopied: 120, rowsEstimated: 0 }, 0],
    ["all when the last partition is copied", "copy", { rowsCopied: 90, rowsEstimated: 100, copied: 24 }, 1],
    ["what was copied before an abort", "aborted", { rowsCopied: 50, rowsEstimated: 100 }, 0.5],
    ["the share of partitions while validating", "validate", { copied: 24, validated: 6 }, 0.25],
    ["all from attach on", "attach", {}, 1],
    ["all when done", "done", {}, 1],
  ] as const)("is %s", (_, state, totals, ratio) => {
    expect(progressRatio(statusOf(state, totals))).toBeCloseTo(ratio, 4)
  })
})

describe("rowsPerSecond", () => {
  it("is the speed over the last ten seconds", () => {
    const samples = [
      { atMs: 0, rows: 0 },
      { atMs: 5000, rows: 1_000_000 },
      { atMs: 10_000, rows: 1_100_000 },
      { atMs: 15_000, rows: 1_200_000 },
    ]
    expect(rowsPerSecond(samples)).toBe(20_000)
  })

  it("is zero while samples cannot tell", () => {
    expect(rowsPerSecond([])).toBe(0)
    expect(rowsPerSecond([{ atMs: 0, rows: 5 }])).toBe(0)
    expect(
      rowsPerSecond([
        { atMs: 7, rows: 5 },
        { atMs: 7, rows: 9 },
      ]),
    ).toBe(0)
  })

  it("is zero, not negative, when a partition is copied again", () => {
    expect(
      rowsPerSecond([
        { atMs: 0, rows: 500 },
        { atMs: 1000, rows: 100 },
      ]),
    ).toBe(0)
  })
})

describe("etaMs", () => {
  it("goes on at the average speed so far", () => {
    expect(etaMs({ rowsCopied: 300, rowsEstimated: 1000, copyingMs: 6000 })).toBe(14_000)
  })

  it("reads counts beyond 2^53", () => {
    expect(etaMs({ rowsCopied: "10000000000000000", rowsEstimated: "20000000000000000", copyingMs: 6000 })).toBe(6000)
  })

  it.each([
    ["in the first three seconds", { rowsCopied: 300, rowsEstimated: 1000, copyingMs: 2999 }],
    ["with nothing copied", { rowsCopied: 0, rowsEstimated: 1000, copyingMs: 60_000 }],
    ["with more copied than was estimated", { rowsCopied: 1001, rowsEstimated: 1000, copyingMs: 60_000 }],
  ])("says nothing %s", (_, facts) => {
    expect(etaMs(facts)).toBeNull()
  })

  it("is zero when all is copied, and never negative", () => {
    expect(etaMs({ rowsCopied: 1000, rowsEstimated: 1000, copyingMs: 3000 })).toBe(0)
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.nat(), (rowsCopied, rowsEstimated, copyingMs) => {
        const eta = etaMs({ rowsCopied, rowsEstimated, copyingMs })
        expect(eta === null || (Number.isInteger(eta) && eta >= 0)).toBe(true)
      }),
    )
  })
})

function statusOf(state: Status["run"]["state"], totals: Partial<Status["totals"]>): Status {
  return {
    schemaVersion: 1,
    run: {
      id: "01JCUTOVER",
      table: "public.returns_raw",
      by: "return_date",
      interval: "month",
      state,
      control: "running",
      reason: null,
      error: null,
      launchedAt: "2025-11-03T10:00:00.000Z",
      updatedAt: "2025-11-03T10:05:00.000Z",
      finishedAt: null,
      workers: 1,
    },
    totals: {
      partitions: 24,
      copied: 0,
      validated: 0,
      rowsCopied: 0,
      rowsEstimated: 0,
      rowsPerSecond: 0,
      etaMs: null,
      changesPending: 0,
      batches: 0,
      retries: 0,
      ...totals,
    },
    attach: { attempts: 0, lockHeldMs: null, swappedAt: null, fallbackUntil: null, legacyTable: null },
    partitions: [],
  }
}
