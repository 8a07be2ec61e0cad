import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { bugs } from "../torture/bugs/bugs.ts"
import { putIn } from "../torture/bugs/putIn.ts"

const root = join(import.meta.dirname, "..")

describe("the bugs that `npm run mutants` puts in", () => {
  it.each(bugs)("$name: its texts are in src/$file, once each, and its test is there", (bug) => {
    const sound = readFileSync(join(root, "src", bug.file), "utf8")
    expect(putIn(bug, sound)).not.toBe(undefined)
    expect(existsSync(join(root, bug.test[0]))).toBe(true)
  })

  it("have names of their own", () => {
    expect(new Set(bugs.map((bug) => bug.name)).size).toBe(bugs.length)
  })
})
