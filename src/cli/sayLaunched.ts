import { renderTableName } from "../domain/tableName.ts"
import type { Run } from "../store/runs.ts"
import { commandLine, listed } from "./commandLine.ts"
import { type Context, say } from "./context.ts"

/** Tells, before anything happens, which run it is and how to watch, pause, resume and undo it. */
export function sayLaunched(context: Context, run: Run): void {
  const table = renderTableName(run.table)
  const call = (...words: string[]): string => commandLine(context, ...words)
  const commands = listed([
    ["watch", call("status", table, "--watch")],
    ["pause", call("pause", table)],
    ["resume", call("resume", table)],
    ["undo", call("abort", table, "--confirm", table)],
  ])
  const elsewhere = context.databaseUrl === undefined ? "" : "\n  Give them the same --database-url."
  say(context, `Run ${run.id} of ${table} is launched. From another terminal:\n${commands}${elsewhere}\n`)
}
