import { historyName } from "../domain/derivedNames.ts"
import { renderTableName } from "../domain/tableName.ts"
import { formatDuration } from "../domain/duration.ts"
import type { Status } from "../domain/status.ts"
import { CutoverError, type ErrorDocument } from "../errors/CutoverError.ts"
import { exitCodes } from "../errors/codes.ts"
import type { Run } from "../store/runs.ts"
import { commandLine } from "./commandLine.ts"
import { type Context, print, say } from "./context.ts"
import type { Left } from "./foreground.ts"
import { elapsedMs, formatMoment } from "./render/moments.ts"
import { countOf, formatExactCount, nounFor } from "./render/numbers.ts"
import { percentOf } from "./render/summary.ts"
import { writeError } from "./reportError.ts"

/** Says how a run was left, on stdout when it went well, and returns the exit code. */
export function reportLeft(context: Context, run: Run, { status, stoppedBy }: Left): number {
  const error = errorOf(context, status)
  if (context.isJson) print(context, status, "")
  else if (stoppedBy === null && error === null) print(context, status, endOf(context, run, status))
  if (stoppedBy !== null) {
    say(context, stoppedText(context, status, stoppedBy.name))
    return stoppedBy.exitCode
  }
  if (error === null) return exitCodes.done
  writeError(error, context)
  return error.code === "CUTOVER_DIFFERENT" ? exitCodes.different : exitCodes.halted
}

function stoppedText(context: Context, status: Status, signal: string): string {
  const where = [status.run.state, percentOf(status)].filter((word) => word !== null).join(", ")
  return [
    `Stopped by ${signal}, cleanly: ${status.run.table} is in ${where}, and everything copied so far is kept.`,
    `Go on with:  ${commandLine(context, "resume", status.run.table)}`,
  ].join("\n")
}

/** Null for a run that ended, or waits, as it should. */
function errorOf(context: Context, { run }: Status): ErrorDocument | null {
  if (run.control === "halted") return run.error ?? haltedWithout(context, run)
  return run.state === "aborted" || run.state === "rolledBack" ? undone(context, run) : null
}

function haltedWithout(context: Context, run: Status["run"]): ErrorDocument {
  return new CutoverError("CUTOVER_HALTED", {
    message: run.reason ?? `The run of ${run.table} halted.`,
    state: "What it was doing was rolled back; everything finished before is kept.",
    hint: `Remove the cause, then: ${commandLine(context, "retry", run.table)}`,
  }).toDocument()
}

function undone(context: Context, run: Status["run"]): ErrorDocument {
  const how = run.state === "aborted" ? "aborted" : "rolled back"
  return new CutoverError("CUTOVER_HALTED", {
    message: `Run ${run.id} of ${run.table} was ${how} by another command while it was worked here.`,
    state: `${run.table} is as it was before the run.`,
    hint: `See who did it: ${commandLine(context, "log", run.id)}`,
    details: { run: run.id, state: run.state },
  }).toDocument()
}

function endOf(context: Context, run: Run, status: Status): string {
  if (status.attach.swappedAt === null) {
    return [
      `The indexes of ${status.run.table} are there. Nothing else was done: ${run.options.requireEnv} is not 1.`,
      "To cut the table over, set it in the environment and launch again.",
    ].join("\n")
  }
  return [swappedText(run, status), ...legacyText(context, run, status)].join("\n")
}

function swappedText({ options }: Run, { run, totals, attach }: Status): string {
  const rows =
    options.strategy === "relabel"
      ? "no row moved"
      : `${formatExactCount(totals.rowsCopied)} ${nounFor(totals.rowsCopied, "row")}`
  const took = formatDuration(elapsedMs(run.launchedAt, attach.swappedAt ?? run.updatedAt))
  const held = attach.lockHeldMs === null ? "" : `; the lock was held ${formatDuration(attach.lockHeldMs)}`
  const facts = [countOf(totals.partitions, "partition"), rows, `${took} from launch to swap`].join(", ")
  return `${run.table} is partitioned by ${run.by}: ${facts}${held}.`
}

function legacyText(context: Context, { options, table }: Run, { run, attach }: Status): string[] {
  if (options.strategy === "relabel") return historyText(context, renderTableName(historyName(table)), { run, attach })
  if (run.finishedAt !== null) return [`${attach.legacyTable} is dropped, and the run is done.`]
  const until = attach.fallbackUntil ?? run.updatedAt
  const isOpen = Date.parse(until) > Date.now()
  const window = isOpen ? `is kept until ${formatMoment(until)}` : "is kept; its fallback window is over"
  const drop = commandLine(context, "cleanup", run.table, "--confirm", run.table)
  const how =
    options.dropLegacy === "auto"
      ? `A worker drops it then: ${commandLine(context, "worker")}`
      : `Drop it ${isOpen ? "then" : ""} with: ${drop}`.replace("  ", " ")
  return [`The table as it was, ${attach.legacyTable}, ${window}.`, how]
}

function historyText(context: Context, history: string, { run, attach }: Pick<Status, "run" | "attach">): string[] {
  const rows = `All its rows are in ${history}, which is its first partition.`
  if (run.finishedAt !== null) return [rows, "Nothing was dropped, and the run is done."]
  const until = formatMoment(attach.fallbackUntil ?? run.updatedAt)
  return [rows, `Until ${until} it can be undone: ${commandLine(context, "rollback", run.table)}`]
}
