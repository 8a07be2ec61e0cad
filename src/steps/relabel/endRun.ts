import { historyName } from "../../domain/derivedNames.ts"
import { renderTableName } from "../../domain/tableName.ts"
import { formatDuration } from "../../domain/duration.ts"
import type { Run } from "../../store/runs.ts"
import type { Outcome, RunStep } from "../Step.ts"
import type { RunEvent } from "../../machine/events.ts"
import { readWindow } from "../cleanup/cleanup.ts"

/** The fallback window; its end ends the run. There is no legacy table, so nothing is dropped. */
export const endRun: RunStep = async ({ tx, run }) => {
  const { leftMs, until } = await readWindow(tx, run)
  if (leftMs === 0) return ended(run)
  const reason = `the fallback window is open until ${until} UTC (${formatDuration(run.options.fallbackWindowMs)}); nothing is dropped after it, and what is past can be split into months: cutover launch ${renderTableName(historyName(run.table))} --by ${run.key.column}`
  return { event: { type: "held", reason, retryMs: leftMs } }
}

/** Nothing is left to do: the history stays the first partition of the table. */
export function ended(run: Run): Outcome<RunEvent> {
  return {
    event: { type: "legacy.dropped" },
    facts: { history: renderTableName(historyName(run.table)), dropped: "nothing" },
  }
}
