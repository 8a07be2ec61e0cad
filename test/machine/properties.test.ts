import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { initialTransition, transition } from "xstate"
import { type Advanced, advanceRun, beginRun } from "../../src/machine/advance.ts"
import type { RunEffect } from "../../src/machine/effects.ts"
import type { RunEvent } from "../../src/machine/events.ts"
import { runMachine } from "../../src/machine/runMachine.ts"
import { isFinished as isFinishedStep, whereIs } from "./reachableRuns.ts"
import { difference, failure, runEvents } from "./runEvents.ts"

const reason = fc.string({ unit: "grapheme" })
const left = fc.nat(2)

/** Any event at all, whether it makes sense or not. */
const anyEvent: fc.Arbitrary<RunEvent> = fc.oneof(
  fc.constantFrom(...runEvents.values()),
  fc.record({ type: fc.constant("partition.copied" as const), left, sweeps: fc.boolean() }),
  fc.record({ type: fc.constant("partition.validated" as const), left }),
  fc.record({ type: fc.constantFrom("pause" as const, "analyzed" as const), reason }),
  fc.record({ type: fc.constant("held" as const), reason, retryMs: fc.option(fc.nat()) }),
  fc.record({ type: fc.constant("blocked" as const), reason, retryMs: fc.nat() }),
  fc.record({ type: fc.constant("halt" as const), error: fc.constantFrom(difference, failure) }),
)

/** What leads on from each step, so that random runs come to the late ones too. */
const leadsOn: Readonly<Record<string, RunEvent>> = {
  "prep.indexes": { type: "indexes.ensured", optedIn: true },
  "prep.writes": { type: "writes.guarded" },
  "prep.survey": { type: "survey.advanced", finished: true },
  "prep.scaffold": { type: "scaffold.built", left: 2, sweeps: false },
  copy: { type: "partition.copied", left: 0, sweeps: false },
  sweep: { type: "swept" },
  unload: { type: "unloaded" },
  compare: { type: "partition.validated", left: 0 },
  validate: { type: "partition.validated", left: 0 },
  attach: { type: "swapped" },
  analyze: { type: "analyzed", reason: "the fallback window is open" },
  cleanup: { type: "legacy.dropped" },
  "rolledBack.settle": { type: "settled" },
  "rolledBack.discard": { type: "target.dropped" },
}

/** Of every length up to 40: left to itself, fast-check keeps to about ten events, and hardly a run would end. */
const anyHistory = fc.array(fc.oneof(anyEvent, fc.constant("on" as const)), { maxLength: 40, size: "max" })

/** A transition: the run before, the event, and the run after it. */
type Transition = { readonly before: Advanced; readonly event: RunEvent; readonly now: Advanced }

describe("whatever happens to a run", () => {
  it("begins no work while it is paused or halted", () => {
    expectAlways(({ now }) => !isStopped(now) || !now.effects.some(beginsWork))
  })

  it("never goes back to an earlier epoch, and on to the next only when a stopped run is resumed", () => {
    expectAlways(({ before, event, now }) => {
      const isResumed = event.type === "resume" && isStopped(before)
      return now.context.epoch === before.context.epoch + (isResumed ? 1 : 0)
    })
  })

  it("has an error only while it is halted, and no reason while it is running", () => {
    expectAlways(({ now: { context, control } }) => {
      return (context.error === null || control === "halted") && (context.reason === null || control !== "running")
    })
  })

  it("is running when it has ended, with no reason and no error", () => {
    expectAlways(
      ({ now }) =>
        !isFinished(now) || (now.control === "running" && now.context.reason === null && now.context.error === null),
    )
  })

  it("ends once: a finished run stays where it is, and does not end again", () => {
    expectAlways(({ before, now }) => {
      const ends = now.effects.filter((effect) => effect.type === "finish").length
      if (isFinished(before)) return now.state === before.state && ends === 0
      return ends === (isFinished(now) ? 1 : 0)
    })
  })

  it("goes the same way when it is stored as JSON and restored after every event as when it never was", () => {
    fc.assert(
      fc.property(anyHistory, (history) => {
        let [live] = initialTransition(runMachine)
        for (const { event, now } of transitionsOf(history)) {
          const [next, actions] = transition(runMachine, live, event)
          live = next
          expect(now.stored.snapshot).toMatchObject({ value: live.value, context: live.context })
          const effects = actions.map((action) => action.params as RunEffect)
          expect(now.effects).toEqual(isStopped(now) ? effects.filter((effect) => !beginsWork(effect)) : effects)
        }
      }),
    )
  })
})

it("leads random runs to every step", () => {
  const steps = fc
    .sample(anyHistory, { numRuns: 1_000, seed: 1 })
    .flatMap((history) => transitionsOf(history).map(({ now }) => now.state))
  expect(new Set(steps)).toEqual(
    new Set(["prep", "copy", "validate", "attach", "analyze", "cleanup", "done", "aborted", "rolledBack"]),
  )
})

function expectAlways(claim: (transition: Transition) => boolean): void {
  fc.assert(
    fc.property(anyHistory, (history) => {
      expect(transitionsOf(history).filter((one) => !claim(one))).toEqual([])
    }),
  )
}

/** The run after each event of the history, stored as the database would and restored. */
function transitionsOf(history: readonly (RunEvent | "on")[]): Transition[] {
  const transitions: Transition[] = []
  let before = beginRun()
  for (const one of history) {
    const event = one === "on" ? leadsOn[whereIs(before.stored).step] : one
    if (event === undefined) continue
    const now = advanceRun(JSON.parse(JSON.stringify(before.stored)), event)
    transitions.push({ before, event, now })
    before = now
  }
  return transitions
}

function isStopped({ control }: Advanced): boolean {
  return control === "paused" || control === "halted"
}

function isFinished({ stored }: Advanced): boolean {
  return isFinishedStep(whereIs(stored))
}

function beginsWork(effect: RunEffect): boolean {
  return ["schedule", "fillLanes", "rejoin", "sweep"].includes(effect.type)
}
