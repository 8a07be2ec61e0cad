import { describe, expect, it } from "vitest"
import { getShortestPaths } from "xstate/graph"
import { advanceRun, restoreRun } from "../../src/machine/advance.ts"
import { runMachine } from "../../src/machine/runMachine.ts"
import { type ReachableRun, isFinished, reachableRuns, stepNameOf, whereIs } from "./reachableRuns.ts"
import { renderEffect } from "./renderEffect.ts"
import { runEvents } from "./runEvents.ts"

/** What goes on in each step; a stopped run that is resumed must have it scheduled again. */
const workOf: Readonly<Record<string, string>> = {
  "prep.indexes": "+indexes",
  "prep.writes": "+writes",
  "prep.survey": "+survey",
  "prep.scaffold": "+scaffold",
  copy: "+rejoin +lanes",
  sweep: "+sweeps",
  unload: "+unload",
  compare: "+compare",
  validate: "+rejoin +lanes",
  attach: "+attach",
  analyze: "+analyze",
  cleanup: "+cleanup",
  "rolledBack.settle": "+settle",
  "rolledBack.discard": "+discard",
}

/** Where a run can end, by how far it is: before the swap, after it, and after a rollback. */
const endsOf = (step: string): string[] => {
  if (step.startsWith("rolledBack.")) return ["rolledBack"]
  return step === "analyze" || step === "cleanup" ? ["done", "rolledBack"] : ["aborted", "done", "rolledBack"]
}

const open = reachableRuns.filter((run) => !isFinished(run))

describe("every open state that can be reached", () => {
  it("is one of every step under every control", () => {
    expect(open).toHaveLength(Object.keys(workOf).length * 4)
  })

  it.each(open)(
    "can be paused and resumed in $step, $control, and is then at the same work, in a later epoch",
    (run) => {
      const paused = advanceRun(run.stored, { type: "pause", reason: "lunch" })
      expect(whereIs(paused.stored)).toEqual({
        step: run.step,
        control: run.control === "halted" ? "halted" : "paused",
      })
      const resumed = advanceRun(paused.stored, { type: "resume" })
      expect(whereIs(resumed.stored)).toEqual({
        step: run.step,
        control: run.step === "cleanup" ? "waiting" : "running",
      })
      expect(resumed.context.epoch).toBe(restoreRun(run.stored).context.epoch + 1)
      expect(resumed.effects.map(renderEffect).join(" ")).toBe(`${workOf[run.step]} run.resumed`)
    },
  )

  it.each(open)("comes to an end from $step, $control", (run) => {
    const ends = new Set<string>(
      pathsFrom(run)
        .filter((path) => isFinished({ step: stepNameOf(path.state.value.step) }))
        .map((path) => stepNameOf(path.state.value.step).split(".")[0] ?? ""),
    )
    expect([...ends].toSorted()).toEqual(endsOf(run.step))
  })
})

describe("every finished state that can be reached", () => {
  it.each(reachableRuns.filter(isFinished))("keeps its step whatever comes: $step, $control", (run) => {
    expect([...new Set(pathsFrom(run).map((path) => stepNameOf(path.state.value.step)))]).toEqual([run.step])
  })
})

function pathsFrom(run: ReachableRun) {
  return getShortestPaths(runMachine, {
    events: [...runEvents.values()],
    serializeState: (snapshot) => JSON.stringify(snapshot.value),
    fromState: restoreRun(run.stored),
  })
}
