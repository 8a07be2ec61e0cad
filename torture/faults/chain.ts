import type { TestDatabase } from "../../test/support/database.ts"
import type { Moment } from "./Moment.ts"
import type { Fatal, Live } from "./lives.ts"

/** What a chain of processes came to: at how many moments one died, and which moments never came. */
export type Chain = { readonly deaths: number; readonly missed: readonly Moment[] }

/**
 * One process after the other works the same run, and each dies at the first moment that comes; the last one lives. Statements are
 * counted over all of them, so that a moment is as far on in the run as it was in the recorded one.
 */
export async function liveAndDie(database: TestDatabase, moments: readonly Moment[], live: Live): Promise<Chain> {
  const seen = new Map<string, number>()
  const left = new Set(moments)
  let deaths = 0
  while (left.size > 0 && (await live(database, dyingAtFirst(left, seen))) === "died") deaths += 1
  if ((await live(database, () => undefined)) !== "done") throw new Error("a process died that nobody killed")
  return { deaths, missed: [...left] }
}

/** Dies at whichever moment comes first, or at the next statement of its kind where redone work has passed the moment by. */
function dyingAtFirst(left: Set<Moment>, seen: Map<string, number>): Fatal {
  let isDead = false
  return ({ kind }) => {
    const count = (seen.get(kind) ?? 0) + 1
    seen.set(kind, count)
    const moment = isDead ? undefined : [...left].find((one) => one.kind === kind && one.occurrence <= count)
    if (moment === undefined) return undefined
    left.delete(moment)
    isDead = true
    return moment.when
  }
}
