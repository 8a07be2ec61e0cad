import { describe, expect, it } from "vitest"
import { CutoverError } from "../../src/errors/CutoverError.ts"
import { type StoredSnapshot, advanceRun, beginRun, canAdvance, restoreRun } from "../../src/machine/advance.ts"
import { machineVersion } from "../../src/machine/runMachine.ts"

const { stored } = beginRun()
const snapshot = stored.snapshot as Readonly<Record<string, unknown>>

const unknown: readonly [string, StoredSnapshot][] = [
  ["a later version of the machine wrote", { ...stored, machineVersion: machineVersion + 1 }],
  ["an earlier version of the machine wrote", { ...stored, machineVersion: machineVersion - 1 }],
  ["has a step that this machine has not", withValue({ step: "rewind", control: "running" })],
  ["has a part of prep that this machine has not", withValue({ step: { prep: "doctor" }, control: "running" })],
  ["has parts of a step that has none", withValue({ step: { copy: "months" }, control: "running" })],
  ["has a control that this machine has not", withValue({ step: "copy", control: "throttled" })],
  ["has a region that this machine has not", withValue({ step: "copy", control: "running", throttle: "off" })],
  ["has no step", withValue({ control: "running" })],
  ["has no control", withValue({ step: "copy" })],
  ["has a step without the part of it", withValue({ step: "prep", control: "running" })],
  ["has an empty step", withValue({ step: {}, control: "running" })],
  ["has a prep without a part", withValue({ step: { prep: {} }, control: "running" })],
  ["has an empty control", withValue({ step: "copy", control: {} })],
  ["has no value", withPart({ value: undefined })],
  ["has no context", withPart({ context: undefined })],
  ["has no epoch", withPart({ context: { reason: null, error: null } })],
  ["has an epoch that is no number", withPart({ context: { epoch: "3", reason: null, error: null } })],
  ["has no children", withPart({ children: undefined })],
  ["has no state at all", { machineVersion, snapshot: {} }],
  ["is null", { machineVersion, snapshot: null }],
  ["is a text", { machineVersion, snapshot: "copy" }],
]

describe.each(unknown)("a snapshot that %s", (_, found) => {
  it.each([
    ["restored", () => restoreRun(found)],
    ["advanced", () => advanceRun(found, { type: "resume" })],
    ["asked", () => canAdvance(found, { type: "resume" })],
  ])("is refused with a code when it is %s, and never taken for a fresh start", (_verb, use) => {
    expect(codeOf(use)).toBe("CUTOVER_SNAPSHOT_UNKNOWN")
  })
})

it("says which version of the machine wrote the snapshot, and which one is asked to read it", () => {
  expect(() => restoreRun({ ...stored, machineVersion: 99 })).toThrow(
    expect.objectContaining({ details: { stored: 99, known: machineVersion } }),
  )
})

it.each([
  ["parts of it are missing", withValue({ step: "copy" })],
  ["parts of it are missing", withValue({ step: "prep", control: "running" })],
  ["it holds a state that this machine does not have", withValue({ step: "rewind", control: "running" })],
  ["another version of the machine wrote it", { ...stored, machineVersion: 99 }],
])("says why the stored state cannot be read: %s", (why, found) => {
  expect(() => restoreRun(found)).toThrow(`The stored state of the run cannot be read: ${why}.`)
})

it("leaves the stored snapshot as it was", () => {
  const before = JSON.stringify(stored)
  advanceRun(stored, { type: "pause", reason: "lunch" })
  expect(JSON.stringify(stored)).toBe(before)
})

function withValue(value: object): StoredSnapshot {
  return withPart({ value })
}

/** As the database would hold it: what is undefined is not there. */
function withPart(part: object): StoredSnapshot {
  return { machineVersion, snapshot: JSON.parse(JSON.stringify({ ...snapshot, ...part })) as unknown }
}

function codeOf(use: () => unknown): string {
  try {
    use()
    return "nothing was thrown"
  } catch (error) {
    return error instanceof CutoverError ? error.code : String(error)
  }
}
