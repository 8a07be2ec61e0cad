import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { advanceRun, restoreRun, type StoredSnapshot } from "../../src/machine/advance.ts"
import { machineVersion } from "../../src/machine/runMachine.ts"
import { findReachable, reachableRuns, whereIs } from "./reachableRuns.ts"
import { runEvents } from "./runEvents.ts"

/**
 * The files under golden/ are what released versions left in databases: one stored snapshot for each state that a run
 * can be in. A released file is never changed; a machine that cannot restore one cannot go on with somebody's run.
 * WRITE_GOLDEN=1 adds the files of states that have none yet, and touches no other.
 */
const golden = join(import.meta.dirname, "golden")
const ours = join(golden, `v${machineVersion}`)

if (process.env["WRITE_GOLDEN"] === "1") {
  mkdirSync(ours, { recursive: true })
  const present = new Set(readdirSync(ours))
  for (const run of reachableRuns.filter((one) => !present.has(fileOf(one)))) {
    writeFileSync(join(ours, fileOf(run)), `${JSON.stringify(run.stored, null, 2)}\n`, { flag: "wx" })
  }
}

describe("the snapshots that released versions left in databases", () => {
  it("are there for every state of this version", () => {
    expect(readdirSync(ours).toSorted()).toEqual(reachableRuns.map(fileOf).toSorted())
  })

  const files = readdirSync(golden, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".json"))

  it.each(files.toSorted())("are restored as they were: %s", (file) => {
    const stored = readGolden(file)
    expect(fileOf(whereIs(stored))).toBe(file.replace(/^v\d+\//, ""))
    expect(restoreRun(stored).context).toEqual((stored.snapshot as { context: unknown }).context)
  })

  it.each(files.toSorted())("take every event as a run of this version does: %s", (file) => {
    const stored = readGolden(file)
    const { step, control } = whereIs(stored)
    for (const event of runEvents.values()) {
      const { stored: next, effects } = advanceRun(stored, event)
      const today = advanceRun(findReachable(step, control).stored, event)
      expect({ event, at: whereIs(next), effects }).toEqual({
        event,
        at: whereIs(today.stored),
        effects: today.effects,
      })
    }
  })
})

function readGolden(file: string): StoredSnapshot {
  return JSON.parse(readFileSync(join(golden, file), "utf8")) as StoredSnapshot
}

function fileOf({ step, control }: { readonly step: string; readonly control: string }): string {
  return `${step}.${control}.json`
}
