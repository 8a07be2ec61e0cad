import fc from "fast-check"
import { expect, it } from "vitest"
import { nextBatchBlocks } from "../../src/domain/pace.ts"

const usual = { blocks: 1000, elapsedMs: 1000, targetMs: 1000, min: 1, max: 100_000 }

it.each([
  ["keeps a size that fits", {}, 1000],
  ["grows to what fits", { elapsedMs: 800 }, 1250],
  ["grows by half at most", { elapsedMs: 100 }, 1500],
  ["grows by half after a batch that took no time", { elapsedMs: 0 }, 1500],
  ["grows a batch of one block", { blocks: 1, elapsedMs: 10 }, 2],
  ["shrinks to fit at once", { elapsedMs: 1250 }, 800],
  ["shrinks to a fifth when a batch took five times its target", { elapsedMs: 5000 }, 200],
  ["never goes below the least", { elapsedMs: 5000, min: 300 }, 300],
  ["never goes above the most", { elapsedMs: 100, max: 1100 }, 1100],
])("%s", (_, facts, expected) => {
  expect(nextBatchBlocks({ ...usual, ...facts })).toBe(expected)
})

it("gives a whole number within its limits that would not outlast the target, whatever came before", () => {
  const facts = fc.record({
    blocks: fc.integer({ min: 1, max: 1_000_000 }),
    elapsedMs: fc.double({ min: 0, max: 1e7, noNaN: true }),
    targetMs: fc.integer({ min: 10, max: 25_000 }),
    min: fc.integer({ min: 1, max: 64 }),
    max: fc.integer({ min: 64, max: 100_000 }),
  })
  fc.assert(
    fc.property(facts, (pace) => {
      const next = nextBatchBlocks(pace)
      expect(Number.isSafeInteger(next)).toBe(true)
      expect(next).toBeGreaterThanOrEqual(pace.min)
      expect(next).toBeLessThanOrEqual(pace.max)
      expect(next).toBeLessThanOrEqual(Math.max(pace.min, Math.ceil(pace.blocks * 1.5)))
      expect(next).toBeLessThanOrEqual(Math.max(pace.min, (pace.blocks * pace.targetMs) / pace.elapsedMs))
    }),
  )
})

it("finds the size that fits, and stays there, while the ground stays the same", () => {
  let blocks = 16
  for (let batch = 0; batch < 15; batch++) blocks = nextBatchBlocks({ ...usual, blocks, elapsedMs: blocks * 0.5 })
  expect(blocks).toBe(2000)
})
