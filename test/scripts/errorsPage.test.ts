import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { renderErrorsPage } from "../../scripts/errorsPage.ts"
import { errorCodes } from "../../src/errors/codes.ts"

const root = join(import.meta.dirname, "../..")
const page = readFileSync(join(root, "docs/errors.md"), "utf8")

describe("docs/errors.md", () => {
  it("is what `npm run errors` writes now", () => {
    expect(page).toBe(renderErrorsPage())
  })

  it("is printed whole by the script", () => {
    expect(execFileSync(process.execPath, [join(root, "scripts/errorsPage.ts")], { encoding: "utf8" })).toBe(page)
  })

  it("has a section for every code, under the code as its anchor, and for no other", () => {
    const anchors = [...page.matchAll(/<a id="(\w+)"><\/a>\n\n### (\w+)\n/g)].map(([, anchor, heading]) => [
      anchor,
      heading,
    ])
    const codes = Object.keys(errorCodes)
    expect(new Set(anchors.map(([anchor]) => anchor))).toEqual(new Set(codes))
    expect(anchors).toEqual(anchors.map(([anchor]) => [anchor, anchor]))
  })

  it.each(Object.entries(errorCodes))(
    "says of %s its exit code, what it means, and what to do",
    (code, { exit, meaning }) => {
      const section = page.split(`### ${code}\n`)[1]?.split(/\n(?:<a id|##)/)[0] ?? ""
      const [facts, whatToDo] = section
        .trim()
        .split("\n\n")
        .map((part) => part.trim())
      expect([facts, whatToDo]).toEqual([`Exit code ${exit}. ${meaning}`, expect.stringMatching(/^[A-Z`].{20,}\.$/)])
    },
  )
})
