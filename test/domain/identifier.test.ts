import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { quoteIdentifier, shortenIdentifier } from "../../src/domain/identifier.ts"

describe("quoteIdentifier", () => {
  it("puts names into double quotes and doubles those inside", () => {
    expect(quoteIdentifier("returns_raw")).toBe('"returns_raw"')
    expect(quoteIdentifier('a"b"; drop table c; --')).toBe('"a""b""; drop table c; --"')
  })

  it.each([
    ["nothing", "", "it is empty"],
    ["a NUL byte", "a\0b", "it contains a NUL byte"],
    ["a name that PostgreSQL would cut", "é".repeat(32), "it has 64 bytes and PostgreSQL keeps 63"],
  ])("refuses %s", (_, name, reason) => {
    expect(() => quoteIdentifier(name)).toThrow(expect.objectContaining({ code: "CUTOVER_USAGE" }))
    expect(() => quoteIdentifier(name)).toThrow(reason)
  })

  it("leaves no quote open, whatever the name", () => {
    const names = fc.string({ unit: fc.constantFrom('"', "a", " ", "é"), minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(names, (name) => {
        const inside = quoteIdentifier(name).slice(1, -1)
        expect(inside.replaceAll('""', "")).not.toContain('"')
        expect(inside.replaceAll('""', '"')).toBe(name)
      }),
    )
  })
})

describe("shortenIdentifier", () => {
  it("leaves names of 63 bytes as they are", () => {
    expect(shortenIdentifier("a".repeat(56), "_legacy")).toBe(`${"a".repeat(56)}_legacy`)
  })

  it("cuts longer ones and marks them with ten digits of the whole base's hash", () => {
    // printf 'a%.0s' {1..57} | sha256sum
    const name = `${"a".repeat(45)}_f13b2d7246_legacy`
    expect(shortenIdentifier("a".repeat(57), "_legacy")).toBe(name)
    expect(name).toHaveLength(63)
  })

  it("never cuts a character in two", () => {
    expect(shortenIdentifier("é".repeat(40), "_legacy")).toMatch(/^é{22}_[0-9a-f]{10}_legacy$/)
    expect(shortenIdentifier("🐘".repeat(20), "")).toMatch(/^(?:🐘){13}_[0-9a-f]{10}$/u)
  })

  it("rejects a suffix that leaves no room", () => {
    expect(() => shortenIdentifier("a".repeat(60), "_".repeat(53))).toThrow(RangeError)
  })

  it("never makes more than 63 bytes, and keeps the suffix", () => {
    fc.assert(
      fc.property(longNames, suffixes, (base, suffix) => {
        const name = shortenIdentifier(base, suffix)
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63)
        expect(name.endsWith(suffix)).toBe(true)
        expect(name.isWellFormed()).toBe(true)
        expect(shortenIdentifier(base, suffix)).toBe(name)
      }),
    )
  })

  it("keeps distinct names distinct, also where they differ only behind the cut", () => {
    const endings = fc.uniqueArray(fc.string({ unit: "grapheme", maxLength: 12 }), { minLength: 2, maxLength: 50 })
    fc.assert(
      fc.property(longNames, endings, suffixes, (base, distinct, suffix) => {
        const names = distinct.map((ending) => shortenIdentifier(base + ending, suffix))
        expect(new Set(names).size).toBe(distinct.length)
      }),
    )
  })
})

const longNames = fc.string({ unit: "grapheme", minLength: 0, maxLength: 90, size: "max" })
const suffixes = fc.constantFrom("", "_legacy", "_partitioned", "_2025_11", "_2025_11_03")
