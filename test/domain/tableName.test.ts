import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { parseTableName, renderTableName } from "../../src/domain/tableName.ts"

describe("parseTableName", () => {
  it.each([
    ["returns_raw", "public", "returns_raw"],
    ["sales.returns_raw", "sales", "returns_raw"],
    ['"Mixed Case"."re turns"', "Mixed Case", "re turns"],
    ['sales."say ""hi"""', "sales", 'say "hi"'],
    ['"a.b"', "public", "a.b"],
    ['"a,b".c', "a,b", "c"],
    ["Sales.RETURNS_Raw", "sales", "returns_raw"],
    ["returns-raw", "public", "returns-raw"],
    [" sales . returns_raw ", "sales", "returns_raw"],
    ["a".repeat(63), "public", "a".repeat(63)],
  ])("reads %s", (text, schema, name) => {
    expect(parseTableName(text)).toEqual({ schema, name })
  })

  it("folds only the letters that PostgreSQL folds", () => {
    expect(parseTableName("GRÖSSE").name).toBe("grÖsse")
  })

  it.each([
    ["", "a name in it is empty"],
    ["sales.", "a name in it is empty"],
    [".returns_raw", "a name in it is empty"],
    ["a..b", "a name in it is empty"],
    ['""', "a name in it is empty"],
    ["a.b.c", "more than two parts"],
    ["a\0b", "a NUL byte"],
    ['"a\0b"', "a NUL byte"],
    ['"returns', "a quote is not closed"],
    ['sales."returns""', "a quote is not closed"],
    ["re turns", "'turns' was not expected at position 4"],
    ['"a"b', "'b' was not expected at position 4"],
    ['a"b"', `'"b"' was not expected at position 2`],
    ["a,b", "',b' was not expected at position 2"],
    ["é".repeat(32), "a name in it has 64 bytes and PostgreSQL keeps 63"],
    [`"${"a".repeat(64)}"`, "a name in it has 64 bytes and PostgreSQL keeps 63"],
  ])("refuses %j", (text, reason) => {
    expect(() => parseTableName(text)).toThrow(expect.objectContaining({ code: "CUTOVER_USAGE" }))
    expect(() => parseTableName(text)).toThrow(reason)
  })
})

describe("renderTableName", () => {
  it("always says the schema, and quotes only where needed", () => {
    expect(renderTableName({ schema: "public", name: "returns_raw" })).toBe("public.returns_raw")
    expect(renderTableName({ schema: "Mixed Case", name: "re turns" })).toBe('"Mixed Case"."re turns"')
    expect(renderTableName({ schema: "public", name: "2024" })).toBe('public."2024"')
    expect(renderTableName({ schema: "public", name: 'a"b' })).toBe('public."a""b"')
  })

  it("is read back as the same table", () => {
    const hardCharacters = fc.constantFrom("a", "Z", "_", "0", ".", ",", '"', " ", "é")
    const part = fc
      .oneof(fc.string({ unit: "binary", minLength: 1 }), fc.string({ unit: hardCharacters, minLength: 1 }))
      .filter((text) => !text.includes("\0") && Buffer.byteLength(text) <= 63)
    fc.assert(
      fc.property(part, part, (schema, name) => {
        expect(parseTableName(renderTableName({ schema, name }))).toEqual({ schema, name })
      }),
    )
  })
})
