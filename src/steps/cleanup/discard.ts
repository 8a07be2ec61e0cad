import type { RunStep } from "../Step.ts"
import { unlessBlocked } from "../locks/unlessBlocked.ts"
import { dropTarget } from "../prep/dropScaffold.ts"
import { validateWhole } from "../split/belongings.ts"
import { validateIncomingKeys } from "../swap/belongings/incomingKeys.ts"
import { refreshMaterializedViews } from "../swap/belongings/materializedViews.ts"
import { validateForeignKeys } from "../swap/belongings/foreignKeys.ts"

/** After a rollback: drops the partitioned table, all of whose rows the other table has, and reads the foreign keys that came back. */
export const discard: RunStep = async ({ tx, run }) =>
  await unlessBlocked(tx, run, {
    what: "dropping the partitioned table",
    oids: run.targetOid === null ? [] : [run.targetOid],
    attempt: run.tick,
    work: async () => {
      await dropTarget(tx, run)
      await validateForeignKeys(tx, run, run.sourceOid)
      await validateIncomingKeys(tx, run, run.sourceOid)
      await validateWhole(tx, run)
      await refreshMaterializedViews(tx, run.sourceOid)
      return { event: { type: "target.dropped" } }
    },
  })
