import type { Plan } from "../../runtime/commands/plan/plan.ts"

/** What stands above the statements, so that nobody takes them for more than they are. */
const head = `-- What a run executes, in its order. Run by hand it does the same for a table at rest: it refuses to swap where rows were
-- written meanwhile. A run does more: it copies in batches that survive a crash, replays what is written while it lives,
-- compares every row and stops at a difference, looks under the lock whether anything changed, waits for old snapshots, and
-- goes on following the new table with the old one, so that there is a way back.
`

/** For review, and as a script. */
export function renderSql({ sql }: Plan): string {
  return sql
    .flatMap(({ step, purpose, lock, text }, n) => {
      const previous = sql[n - 1]
      const isNew = previous?.step !== step || previous.purpose !== purpose || previous.lock !== lock
      return [...(isNew ? [`\n-- ${step}: ${purpose}. Locks ${lock}.`] : []), `${text.trim().replace(/;$/, "")};`]
    })
    .join("\n")
    .replace(/^/, head)
}
