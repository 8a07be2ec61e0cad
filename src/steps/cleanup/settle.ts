import type { RunStep } from "../Step.ts"
import { unlessBlocked } from "../locks/unlessBlocked.ts"
import { validateWhole } from "../split/belongings.ts"
import { validateForeignKeys } from "../swap/belongings/foreignKeys.ts"
import { validateIncomingKeys } from "../swap/belongings/incomingKeys.ts"
import { refreshMaterializedViews } from "../swap/belongings/materializedViews.ts"

/**
 * After a rollback: reads the foreign keys that came back, and fills the materialized views. It may take as long as the table
 * is large, under locks that nobody waits for; what is dropped needs strong ones, and is left to `discard`.
 */
export const settle: RunStep = async ({ tx, run }) =>
  await unlessBlocked(tx, run, {
    what: "reading the foreign keys that came back",
    oids: [run.sourceOid],
    attempt: run.tick,
    work: async () => {
      await validateForeignKeys(tx, run, run.sourceOid)
      await validateIncomingKeys(tx, run, run.sourceOid)
      await validateWhole(tx, run)
      await refreshMaterializedViews(tx, run.sourceOid)
      return { event: { type: "settled" } }
    },
  })
