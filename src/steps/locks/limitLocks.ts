import type { Queryable } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"

/**
 * A live process sends the next statement within milliseconds. One that does not within half a second was stopped, or its
 * machine was: the server ends its transaction, and everybody goes on who waits for its locks.
 */
const mostIdleMs = 500

/**
 * From here on, to the transaction's end, locks that others wait for are neither waited for long nor held by a process that sleeps.
 * The session's own limit, which is below deadlock_timeout, is the longest there is.
 */
export async function limitLocks(tx: Queryable, run: Run): Promise<void> {
  await tx.query(sql`
    select set_config('lock_timeout', least(nullif(setting::int, 0), ${run.options.lockTimeoutMs}::int)::text, true),
           set_config('idle_in_transaction_session_timeout', ${`${mostIdleMs}ms`}, true)
    from pg_settings
    where name = 'lock_timeout'`)
}
