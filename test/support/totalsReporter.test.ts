import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { afterEach, describe, expect, it } from "vitest"

const vitest = join(import.meta.dirname, "../../node_modules/vitest/vitest.mjs")
const reporter = pathToFileURL(join(import.meta.dirname, "totalsReporter.ts")).href
const roots: string[] = []

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true })
})

function runTests(text: string) {
  const root = mkdtempSync(join(tmpdir(), "cutover-totals-"))
  roots.push(root)
  writeFileSync(
    join(root, "vitest.config.mjs"),
    `import { totalsReporter } from "${reporter}"\n` +
      `export default { test: { globals: true, reporters: ["default", totalsReporter] } }`,
  )
  writeFileSync(join(root, "a.test.js"), text)
  const { status, stdout } = spawnSync(process.execPath, [vitest, "run", "--root", root], { encoding: "utf8" })
  return { status, lastLine: stdout.trimEnd().split("\n").at(-1) }
}

describe("the totals of a test run", { timeout: 30_000 }, () => {
  it.each([
    ["all pass", `it("a", () => {}); it("b", () => {})`, { status: 0, lastLine: "2 passed, 0 failed" }],
    ["one fails", `it("a", () => {}); it("b", () => expect(1).toBe(2))`, { status: 1, lastLine: "1 passed, 1 failed" }],
    ["a file breaks", `it("a", () => {}); throw new Error("broken")`, { status: 1, lastLine: "0 passed, 1 failed" }],
    // The text of a file to be run: that a skipped test counts for nothing. Nothing is skipped here.
    ["all are skipped", `it.skip("a", () => {})`, { status: 1, lastLine: "0 passed, 0 failed" }],
    ["an error is nobody's", `it("a", () => void Promise.reject(1))`, { status: 1, lastLine: "1 passed, 1 failed" }],
  ])("are printed last when %s", (_case, text, expected) => {
    expect(runTests(text)).toEqual(expected)
  })
})
