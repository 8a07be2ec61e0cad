import type { Status } from "../../domain/status.ts"
import { controlOf, factsOf, isFinished, percentOf } from "./summary.ts"
import { toLine } from "./text.ts"

/** A run in one line, for logs: what applies in its state, and last how it is and why. */
export function renderStatusLine(status: Status): string {
  return [headOf(status), ...factsOf(status), controlOf(status)].join(" | ")
}

function headOf(status: Status): string {
  const { table, state } = status.run
  if (isFinished(status)) return toLine(table)
  return [toLine(table), state, percentOf(status)].filter((word) => word !== null).join(" ")
}
