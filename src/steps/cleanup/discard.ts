import type { RunStep } from "../Step.ts"
import { unlessBlocked } from "../locks/unlessBlocked.ts"
import { dropTarget } from "../prep/dropScaffold.ts"

/** After a rollback: drops the partitioned table, all of whose rows the other table has, and the way back. */
export const discard: RunStep = async ({ tx, run }) =>
  await unlessBlocked(tx, run, {
    what: "dropping the partitioned table",
    oids: run.targetOid === null ? [] : [run.targetOid],
    attempt: run.tick,
    work: async () => {
      await dropTarget(tx, run)
      return { event: { type: "target.dropped" } }
    },
  })
