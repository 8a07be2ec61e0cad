import { setTimeout as sleep } from "node:timers/promises"
import type { TestDatabase } from "../../test/support/database.ts"

const lookEveryMs = 20

/**
 * Waits until there is nothing to do for a run now: it has ended, waits for the end of its fallback window, or has halted. It asks by
 * the harness's own connection, so that its questions are none of the run's statements. Throws when `signal` says that nobody waits
 * any more.
 */
export async function untilQuiet(
  database: TestDatabase,
  runId: string,
  patienceMs: number,
  signal?: AbortSignal,
): Promise<void> {
  for (const deadline = Date.now() + patienceMs; ; await sleep(lookEveryMs, undefined, { signal })) {
    const [run] = await database.query<{ state: string; control: string; isQuiet: boolean }>(
      `select state, control,
              finished_at is not null or control = 'halted' or (state = 'cleanup' and control = 'waiting') as "isQuiet"
       from cutover.runs where id = $1`,
      [runId],
    )
    if (run?.isQuiet === true) return
    if (Date.now() > deadline) throw new Error(`waited in vain; the run is ${JSON.stringify(run)}`)
  }
}
