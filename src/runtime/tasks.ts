import type { PartitionTask, RunTask } from "../machine/effects.ts"
import type { PartitionStep, RunStep } from "../steps/Step.ts"
import { analyze } from "../steps/analyze.ts"
import { attach } from "../steps/attach.ts"
import { buildIndex } from "../steps/copy/buildIndex.ts"
import { catchUp } from "../steps/copy/catchUp.ts"
import { cleanup } from "../steps/cleanup/cleanup.ts"
import { discard } from "../steps/cleanup/discard.ts"
import { settle } from "../steps/cleanup/settle.ts"
import { copyBatch } from "../steps/copy/copyBatch.ts"
import { guardWrites } from "../steps/prep/guardWrites.ts"
import { scaffold } from "../steps/prep/scaffold.ts"
import { attachHistory } from "../steps/relabel/attachHistory.ts"
import { boundHistory } from "../steps/relabel/boundHistory.ts"
import { endRun } from "../steps/relabel/endRun.ts"
import { layOut } from "../steps/relabel/layOut.ts"
import { proveHistory } from "../steps/relabel/proveHistory.ts"
import { relabels } from "../steps/relabel/relabels.ts"
import { unload } from "../steps/copy/unload.ts"
import { survey } from "../steps/prep/survey.ts"
import { validatePartition } from "../steps/validate/validatePartition.ts"

/**
 * The step of each task that works inside the transaction of its job. `indexes` cannot: see `workIndexes`. Stripes and the
 * comparison of all partitions have outcomes of their own: see `door`.
 */
export const runSteps: Readonly<Record<Exclude<RunTask, "indexes" | "compare">, RunStep>> = {
  writes: byStrategy(guardWrites, boundHistory),
  survey: byStrategy(survey, proveHistory),
  scaffold: byStrategy(scaffold, layOut),
  unload,
  attach: byStrategy(attach, attachHistory),
  analyze,
  cleanup: byStrategy(cleanup, endRun),
  settle,
  discard,
}

function byStrategy(copy: RunStep, relabel: RunStep): RunStep {
  return async (context) => await (relabels(context.run) ? relabel : copy)(context)
}

export const partitionSteps: Readonly<Record<PartitionTask, PartitionStep>> = {
  copy: copyBatch,
  index: buildIndex,
  catchUp,
  validate: validatePartition,
}

/**
 * Tasks that may last as long as a month is large. A pause does not wait for them: they are cancelled, and begun again
 * on resuming. All others end within a batch.
 */
export const longTasks: ReadonlySet<string> = new Set([
  "indexes",
  "survey",
  "index",
  "catchUp",
  "validate",
  "compare",
  "attach",
  "analyze",
  "settle",
])

/** Tasks with statements that may last so long: they have no limit. Where others run out of time their batches become smaller. */
export const untimedTasks: ReadonlySet<string> = new Set([
  "index",
  "catchUp",
  "validate",
  "compare",
  "analyze",
  "settle",
])
