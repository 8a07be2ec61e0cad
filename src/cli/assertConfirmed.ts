import { parseTableName, renderTableName } from "../domain/tableName.ts"
import { CutoverError, nothingChanged } from "../errors/CutoverError.ts"
import type { Run } from "../store/runs.ts"
import { type Context } from "./context.ts"
import { commandLine } from "./commandLine.ts"

/** Wants the table's name typed, so that nobody destroys the wrong one; `--yes` does not stand in for it. */
export function assertConfirmed(context: Context, run: Run, command: string, typed: string | undefined): void {
  const name = renderTableName(run.table)
  if (typed !== undefined && isName(typed, name)) return
  throw new CutoverError("CUTOVER_CONFIRMATION_NEEDED", {
    message:
      typed === undefined
        ? `cutover ${command} of ${name} wants the table's name as a confirmation.`
        : `The confirmation names ${typed}, and the run is of ${name}.`,
    state: nothingChanged,
    hint: `If that is what you want: ${commandLine(context, command, run.id, "--confirm", name)}`,
    details: { run: run.id, table: name },
  })
}

function isName(typed: string, name: string): boolean {
  try {
    return renderTableName(parseTableName(typed)) === name
  } catch (error) {
    if (error instanceof CutoverError) return false
    throw error
  }
}
