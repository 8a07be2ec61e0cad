import { expect, it } from "vitest"
import { parseIdentifierList } from "../../src/domain/identifierList.ts"

it("reads the columns of an index", () => {
  expect(parseIdentifierList("vendor,return_date", ",")).toEqual(["vendor", "return_date"])
  expect(parseIdentifierList('Vendor, "Return, Date"', ",")).toEqual(["vendor", "Return, Date"])
})

it("takes no other separator than the one it was told", () => {
  expect(() => parseIdentifierList("a.b", ",")).toThrow("'.b' was not expected at position 2")
})

it("refuses a list that ends in a separator", () => {
  expect(() => parseIdentifierList("vendor,", ",")).toThrow("a name in it is empty")
})
