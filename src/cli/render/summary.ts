import { formatDuration } from "../../domain/duration.ts"
import { progressRatio } from "../../domain/progress.ts"
import type { RunState, Status } from "../../domain/status.ts"
import { elapsedMs } from "./moments.ts"
import { countOf, formatCount, formatPercent, nounFor } from "./numbers.ts"
import { toLine } from "./text.ts"

const stateWords: Partial<Record<RunState, string>> = { rolledBack: "rolled back" }

export function stateWord(state: RunState): string {
  return stateWords[state] ?? state
}

export function isFinished({ run }: Status): boolean {
  return run.state === "done" || run.state === "aborted" || run.state === "rolledBack"
}

/** How far the step is, as `61.2%`; null in steps that have no measure. */
export function percentOf(status: Status): string | null {
  const { state } = status.run
  if (state !== "copy" && state !== "validate") return null
  return formatPercent(progressRatio(status))
}

/** The facts of a run that apply in its state, such as `14/24 partitions` and `52k rows/s`, for people. */
export function factsOf(status: Status): string[] {
  const readers = [partitionsOf, rowsOf, rateOf, changesOf, attachOf, timeOf]
  return readers.map((read) => read(status)).filter((fact) => fact !== null)
}

/** Whether the run goes on and, where there is a reason, why it does not; for a finished run its end. */
export function controlOf(status: Status): string {
  const { run } = status
  const word = isFinished(status) ? stateWord(run.state) : run.control
  const reason = run.control === "halted" && run.error ? `${run.error.message} (${run.error.code})` : run.reason
  return reason === null ? word : `${word}: ${toLine(reason)}`
}

function partitionsOf({ run, totals }: Status): string | null {
  if (totals.partitions === 0) return null
  const done = run.state === "copy" ? totals.copied : run.state === "validate" ? totals.validated : null
  return done === null
    ? countOf(totals.partitions, "partition")
    : `${formatCount(done)}/${formatCount(totals.partitions)} ${nounFor(totals.partitions, "partition")}`
}

function rowsOf({ run, totals }: Status): string | null {
  const { rowsCopied, rowsEstimated } = totals
  if (run.state === "copy") return `${formatCount(rowsCopied)}/${formatCount(rowsEstimated)} rows`
  if (run.state === "prep") return Number(rowsEstimated) > 0 ? `about ${countOf(rowsEstimated, "row")}` : null
  return Number(rowsCopied) > 0 ? countOf(rowsCopied, "row") : null
}

function rateOf({ run, totals }: Status): string | null {
  return isMoving(run) && totals.rowsPerSecond >= 1 ? `${formatCount(Math.round(totals.rowsPerSecond))} rows/s` : null
}

function changesOf({ totals }: Status): string | null {
  return Number(totals.changesPending) > 0 ? `behind ${countOf(totals.changesPending, "change")}` : null
}

function attachOf({ run, attach }: Status): string | null {
  if (attach.lockHeldMs !== null) return `lock held ${formatDuration(attach.lockHeldMs)}`
  return run.state === "attach" && attach.attempts > 0 ? countOf(attach.attempts, "attempt") : null
}

function timeOf({ run, totals }: Status): string | null {
  if (run.finishedAt !== null) return `took ${formatDuration(elapsedMs(run.launchedAt, run.finishedAt))}`
  return isMoving(run) && totals.etaMs !== null ? `eta ${formatDuration(totals.etaMs)}` : null
}

function isMoving({ state, control }: Status["run"]): boolean {
  return control === "running" && (state === "copy" || state === "validate")
}
