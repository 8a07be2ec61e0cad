import type { ErrorDocument } from "../../src/errors/CutoverError.ts"
import type { RunEvent } from "../../src/machine/events.ts"

export const difference: ErrorDocument = {
  code: "CUTOVER_DIFFERENT",
  message: "Partition 2025-11 differs.",
  state: "The run stopped before the swap.",
  hint: "Copy the month again.",
  details: { partition: "2025-11" },
}

export const failure: ErrorDocument = {
  code: "CUTOVER_HALTED",
  message: "The task attach failed.",
  state: "What it was doing was rolled back.",
  hint: "Remove the cause, then retry.",
  details: { task: "attach", sqlState: null },
}

/** Every event of a run that the machine may treat differently, by type and by the word that tells variants apart. */
const samples: { readonly [Type in RunEvent["type"]]: Readonly<Record<string, Extract<RunEvent, { type: Type }>>> } = {
  "indexes.ensured": {
    "opt-in": { type: "indexes.ensured", optedIn: true },
    "opt-out": { type: "indexes.ensured", optedIn: false },
  },
  "writes.guarded": { "": { type: "writes.guarded" } },
  "survey.advanced": {
    more: { type: "survey.advanced", finished: false },
    end: { type: "survey.advanced", finished: true },
  },
  "scaffold.built": {
    some: { type: "scaffold.built", left: 3, sweeps: false },
    none: { type: "scaffold.built", left: 0, sweeps: false },
    shuffled: { type: "scaffold.built", left: 3, sweeps: true },
  },
  swept: { "": { type: "swept" } },
  unloaded: { "": { type: "unloaded" } },
  "partition.copied": {
    some: { type: "partition.copied", left: 3, sweeps: false },
    none: { type: "partition.copied", left: 0, sweeps: false },
    "none, swept": { type: "partition.copied", left: 0, sweeps: true },
  },
  "partition.validated": {
    some: { type: "partition.validated", left: 3 },
    none: { type: "partition.validated", left: 0 },
  },
  "partition.differed": { "": { type: "partition.differed", error: difference } },
  "partition.reset": { "": { type: "partition.reset" } },
  blocked: { "": { type: "blocked", reason: "pid 42 holds the lock", retryMs: 1500 } },
  held: {
    "look again": { type: "held", reason: "the gate is closed", retryMs: 2000 },
    still: { type: "held", reason: "the gate is closed", retryMs: null },
  },
  "gate.opened": { "": { type: "gate.opened" } },
  replayed: { "": { type: "replayed" } },
  swapped: { "": { type: "swapped" } },
  "reading.done": { "": { type: "reading.done" } },
  analyzed: { "": { type: "analyzed", reason: "the fallback window is open" } },
  "legacy.dropped": { "": { type: "legacy.dropped" } },
  "rolled.back": { "": { type: "rolled.back" } },
  settled: { "": { type: "settled" } },
  "target.dropped": { "": { type: "target.dropped" } },
  aborted: { "": { type: "aborted" } },
  halt: { "": { type: "halt", error: failure } },
  pause: { "": { type: "pause", reason: "paused by ada" } },
  resume: { "": { type: "resume" } },
}

/** The samples by name: `pause`, `survey.advanced (more)`, … */
export const runEvents: ReadonlyMap<string, RunEvent> = new Map(
  Object.entries(samples).flatMap(([type, variants]) =>
    Object.entries<RunEvent>(variants).map(([word, event]) => [word === "" ? type : `${type} (${word})`, event]),
  ),
)
