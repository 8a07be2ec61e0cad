import type { TestDatabase } from "../../test/support/database.ts"
import type { Statement } from "../../test/support/wire/Statement.ts"
import type { Moment } from "./Moment.ts"
import type { Fatal, Live } from "./lives.ts"

/** What a chain of processes came to: at how many moments one died, and which moments never came. */
export type Chain = { readonly deaths: number; readonly missed: readonly Moment[] }

/**
 * One process after the other works the same run, and each dies at its moment; the last one lives. Statements are counted over
 * all of them, so that a moment is as far on in the run as it was in the recorded one.
 */
export async function liveAndDie(database: TestDatabase, moments: readonly Moment[], live: Live): Promise<Chain> {
  const seen = new Map<string, number>()
  const missed: Moment[] = []
  let deaths = 0
  for (const moment of moments) {
    if ((await live(database, dyingAt(moment, seen))) === "died") deaths += 1
    else missed.push(moment)
  }
  const end = await live(database, () => undefined)
  if (end !== "done") throw new Error("a process died that nobody killed")
  return { deaths, missed }
}

/** Dies at the moment, or at the next statement of its kind where redone work has passed the moment by. */
function dyingAt({ kind, occurrence, when }: Moment, seen: Map<string, number>): Fatal {
  let isDead = false
  return (statement: Statement) => {
    const count = (seen.get(statement.kind) ?? 0) + 1
    seen.set(statement.kind, count)
    if (isDead || statement.kind !== kind || count < occurrence) return undefined
    isDead = true
    return when
  }
}
