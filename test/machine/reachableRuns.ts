import { getShortestPaths } from "xstate/graph"
import type { Control } from "../../src/domain/status.ts"
import { advanceRun, beginRun, restoreRun, type StoredSnapshot } from "../../src/machine/advance.ts"
import { runMachine } from "../../src/machine/runMachine.ts"
import { runEvents } from "./runEvents.ts"

/** A state that a run can be in, and what the database would hold of it. `step` is `copy`, or `prep.survey`. */
export type ReachableRun = { readonly step: string; readonly control: Control; readonly stored: StoredSnapshot }

/** One run for every state that events can lead to from the beginning, by the shortest way there. */
export const reachableRuns: readonly ReachableRun[] = getShortestPaths(runMachine, {
  events: [...runEvents.values()],
  serializeState: (snapshot) => JSON.stringify(snapshot.value),
}).map((path) => {
  // The first step of a path is the beginning itself.
  const stored = path.steps.slice(1).reduce((before, step) => advanceRun(before, step.event).stored, beginRun().stored)
  return { ...whereIs(stored), stored }
})

/** Where a stored run stands: the step with its substep, and the control. */
export function whereIs(stored: StoredSnapshot): Pick<ReachableRun, "step" | "control"> {
  const { step, control } = restoreRun(stored).value
  return { step: stepNameOf(step), control }
}

/** `copy`, or `prep.survey`. */
export function stepNameOf(step: string | object): string {
  return typeof step === "string" ? step : Object.entries(step)[0]!.join(".")
}

export function findReachable(step: string, control: Control): ReachableRun {
  const found = reachableRuns.find((run) => run.step === step && run.control === control)
  if (found === undefined) throw new Error(`no run can be in ${step}, ${control}`)
  return found
}

export const finishedSteps: readonly string[] = ["done", "aborted", "rolledBack.finished"]

export const isFinished = (run: Pick<ReachableRun, "step">): boolean => finishedSteps.includes(run.step)
