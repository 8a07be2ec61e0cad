import { globSync, readFileSync } from "node:fs"
import { join, sep } from "node:path"
import { describe, expect, it } from "vitest"
import { findBreaches, type SourceTree } from "./support/floors.ts"
import { importsOf } from "./support/imports.ts"

const src = join(import.meta.dirname, "../src")

function readHouse(): SourceTree {
  const files = globSync("**/*.{ts,tsx}", { cwd: src })
  return new Map(files.map((file) => [file.split(sep).join("/"), readFileSync(join(src, file), "utf8")]))
}

function breachesOf(tree: Record<string, string>): string[] {
  return findBreaches(new Map(Object.entries(tree)))
}

const below = (imported: string) => `${imported}, which is not below it`
const machineKnows = (imported: string) =>
  `${imported}, but the machine knows only itself, the domain, errors and the log`
const machineIsPure = (imported: string) => `${imported}, but the machine is pure`

describe("the house", () => {
  it("stands: no import circle, nothing imports upward, every file has a room", () => {
    expect(findBreaches(readHouse())).toEqual([])
  })

  it("is read whole: its files are found, and imports in them", () => {
    const house = readHouse()
    expect([...house.keys()]).toContain("errors/CutoverError.ts")
    expect(importsOf(house.get("errors/CutoverError.ts")!)).toEqual(["./codes.ts"])
  })
})

describe("the check of the house", () => {
  it("lets imports run downward", () => {
    const tree = {
      "errors/codes.ts": "",
      "domain/month.ts": `import { codes } from "../errors/codes.ts"`,
      "config/options.ts": `import { month } from "../domain/month.ts"\nimport { z } from "zod"`,
      "machine/machine.ts": `import { setup } from "xstate"\nimport type { Month } from "../domain/month.ts"`,
      "postgres/pool.ts": `import pg from "pg"`,
      "steps/copy.ts": `import { pool } from "../postgres/pool.ts"`,
      "runtime/queue.ts": `import { PgBoss } from "pg-boss"\nimport pg from "pg"`,
      "cli/demo/loadRows.ts": `import pg from "pg"`,
      "cli/main.ts": `await import("../runtime/queue.ts")\nawait import("../web/server.ts")`,
      "web/server.ts": "",
      "index.ts": `export { queue } from "./runtime/queue.ts"`,
    }
    expect(breachesOf(tree)).toEqual([])
  })

  it.each([
    ["an upper floor", "steps/copy.ts", `import { work } from "../runtime/work.ts"`, below("runtime/work.ts")],
    ["a type of an upper floor", "store/runs.ts", `import type { A } from "../steps/a.ts"`, below("steps/a.ts")],
    ["an upper floor, lazily", "steps/a.ts", `const b = await import("../cli/b.ts")`, below("cli/b.ts")],
    ["an upper floor, by exporting it", "domain/a.ts", `export * from "../log/b.ts"`, below("log/b.ts")],
    ["a later room of the ground floor", "errors/a.ts", `import "../domain/b.ts"`, below("domain/b.ts")],
    ["the room next door", "embedded/a.ts", `import { b } from "../postgres/b.ts"`, below("postgres/b.ts")],
    ["the room above on the same floor", "web/a.ts", `import { b } from "../cli/b.ts"`, below("cli/b.ts")],
    ["what is outside", "cli/a.ts", `import { b } from "../../b.ts"`, `"../../b.ts", which is outside of src`],
    ["a file by its compiled name", "cli/a.ts", `import { b } from "./b.js"`, `"./b.js", which does not end in .ts`],
    ["a file without its ending", "cli/a.ts", `import {\n  b,\n} from './b'`, `"./b", which does not end in .ts`],
    [
      "configuration into the machine",
      "machine/a.ts",
      `import { b } from "../config/b.ts"`,
      machineKnows("config/b.ts"),
    ],
    ["a clock into the machine", "machine/a.ts", `import { now } from "node:timers"`, machineIsPure("node:timers")],
    ["pg into a step", "steps/a.ts", `import type { Client } from "pg"`, "pg, which is not for this room"],
    ["the queue into a step", "steps/a.ts", `import { PgBoss } from "pg-boss"`, "pg-boss, which is not for this room"],
    ["xstate into a step", "steps/a.ts", `import { x } from "xstate/graph"`, "xstate, which is not for this room"],
  ])("refuses to import %s", (_what, file, text, complaint) => {
    expect(breachesOf({ [file]: text })).toEqual([`${file} imports ${complaint}`])
  })

  it("refuses a file that has no room", () => {
    expect(breachesOf({ "utils/strings.ts": "", "main.ts": "" })).toEqual([
      "main.ts belongs to no room of the house",
      "utils/strings.ts belongs to no room of the house",
    ])
  })

  it("refuses barrels inside of the tree", () => {
    expect(breachesOf({ "index.ts": "", "store/index.ts": "" })).toEqual([
      "store/index.ts is a barrel: import the file that has the thing",
    ])
  })

  it("reports a circle whole", () => {
    const tree = {
      "steps/a.ts": `import { b } from "./b.ts"`,
      "steps/b.ts": `import { c } from "./c.ts"`,
      "steps/c.ts": `import type { A } from "./a.ts"`,
    }
    expect(breachesOf(tree)).toEqual(["circle: steps/a.ts → steps/b.ts → steps/c.ts → steps/a.ts"])
  })

  it("reports a circle that is entered from outside of it, and a file that imports itself", () => {
    const tree = {
      "cli/a.ts": `import { b } from "./b.ts"`,
      "cli/b.ts": `import { c } from "./c.ts"`,
      "cli/c.ts": `import { b } from "./b.ts"`,
      "cli/d.ts": `import { d } from "./d.ts"`,
    }
    expect(breachesOf(tree)).toEqual(["circle: cli/b.ts → cli/c.ts → cli/b.ts", "circle: cli/d.ts → cli/d.ts"])
  })
})

describe("the reading of imports", () => {
  it.each([
    [`import a, { type B } from "./a.ts"`, ["./a.ts"]],
    [`import * as a from "./a.ts"`, ["./a.ts"]],
    [`import type { A } from "./a.ts"`, ["./a.ts"]],
    [`import {\n  a,\n  b,\n} from "./a.ts"\nimport c from "c"`, ["./a.ts", "c"]],
    [`import "./a.ts"`, ["./a.ts"]],
    [`export * as a from "./a.ts"`, ["./a.ts"]],
    [`export { a } from "./a.ts"\nexport const b = 1`, ["./a.ts"]],
    [`const { a } = await import(\n  "./a.ts"\n)`, ["./a.ts"]],
    [`type A = import("./a.ts").A`, ["./a.ts"]],
    [`require("a")`, ["a"]],
    ['const text = `select 1 from "a"`', []],
    [`export function a() {}\n// from "a"`, []],
    [`// import { a } from "./a.ts"`, []],
  ])("finds in %j: %j", (text, specifiers) => {
    expect(importsOf(text)).toEqual(specifiers)
  })
})
