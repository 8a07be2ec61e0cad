import type { RunStep } from "../Step.ts"
import { unlessBlocked } from "../locks/unlessBlocked.ts"
import { findReadings } from "../readings.ts"
import { readNext } from "../swap/Reading.ts"

/**
 * After a rollback: reads the foreign keys that came back, and fills the materialized views, one at a time. It may take as long as the
 * table is large, under locks that nobody waits for; what is dropped needs strong ones, and is left to `discard`.
 */
export const settle: RunStep = async ({ tx, run }) =>
  await unlessBlocked(tx, run, {
    what: "reading the foreign keys that came back",
    oids: [run.sourceOid],
    attempt: run.tick,
    work: async () => {
      const hasRead = await readNext(tx, await findReadings(tx, run, run.sourceOid))
      return { event: { type: hasRead ? "reading.done" : "settled" } }
    },
  })
