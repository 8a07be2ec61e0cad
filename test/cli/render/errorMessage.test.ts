import { stripVTControlCharacters } from "node:util"
import { describe, expect, it } from "vitest"
import { renderError } from "../../../src/cli/render/errorMessage.ts"
import { difference } from "./statuses.ts"

describe("an error for a person", () => {
  it("says what stopped, the state of the data, what to do next, and its code", () => {
    expect(renderError(difference, { color: false })).toMatchInlineSnapshot(`
      "✗ Partition 2025-03 differs: 2,801,113 rows in the source, 2,801,112 in the target.
        data  The source is untouched and in use; the target is kept.
        next  Copy the month again with cutover retry 01JDXK3V5E8M0Q2R4T6W8Y0A1C --partition 2025-03.
        code  CUTOVER_DIFFERENT"
    `)
  })

  it("is wrapped below its words where a terminal is narrow", () => {
    expect(renderError(difference, { color: false, width: 60 })).toMatchInlineSnapshot(`
      "✗ Partition 2025-03 differs: 2,801,113 rows in the source,
        2,801,112 in the target.
        data  The source is untouched and in use; the target is
              kept.
        next  Copy the month again with cutover retry
              01JDXK3V5E8M0Q2R4T6W8Y0A1C --partition 2025-03.
        code  CUTOVER_DIFFERENT"
    `)
  })

  it("keeps the lines of a hint that lists commands", () => {
    const error = { ...difference, hint: "Grant what is missing:\ngrant usage on schema a to b;" }
    expect(renderError(error, { color: false })).toContain(
      "  next  Grant what is missing:\n        grant usage on schema a to b;\n",
    )
  })

  it("colors the mark, and reads the same without colors", () => {
    const colored = renderError(difference, { color: true })
    expect(colored).toContain("\u001B[31m✗\u001B[39m")
    expect(stripVTControlCharacters(colored)).toBe(renderError(difference, { color: false }))
  })
})
