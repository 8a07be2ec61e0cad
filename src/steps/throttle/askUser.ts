import type { Queryable } from "../../postgres/Queryable.ts"
import { sql, userText } from "../../postgres/sql.ts"
import { sqlState } from "../../postgres/classify.ts"

/** A question that takes longer is a load of its own. */
const patienceMs = 2_000

/**
 * Asks the user's own statement, read-only: a number above zero, true, or a text says that the next batch is not to begin.
 * So does a statement that fails, for who gave it wanted to be asked. Returns the reason.
 */
export async function askUser(tx: Queryable, text: string): Promise<string | undefined> {
  await tx.query(sql`savepoint asked`)
  try {
    await tx.query(
      sql`select set_config('transaction_read_only', 'on', true), set_config('statement_timeout', ${String(patienceMs)}, true)`,
    )
    const { rows } = await tx.query(userText(text))
    return judge(Object.values(rows[0] ?? {})[0])
  } catch (error) {
    if (sqlState(error) === undefined) throw error
    return `--throttle-sql failed: ${error instanceof Error ? error.message : String(error)}`
  } finally {
    // Gives back the settings too: what comes next writes.
    await tx.query(sql`rollback to savepoint asked`)
  }
}

/** Numbers beyond 2^53 come as text, which is as good. */
function judge(answer: unknown): string | undefined {
  const isQuiet = answer === undefined || answer === null || answer === false || answer === "" || Number(answer) <= 0
  return isQuiet ? undefined : `--throttle-sql says ${typeof answer === "string" ? answer : JSON.stringify(answer)}`
}
