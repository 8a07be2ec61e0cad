import { sql } from "../../postgres/sql.ts"
import type { RunStep } from "../Step.ts"
import { dropLoader } from "./loader.ts"

/** After a sweep: each month stands alone, with its rows, and is ready for its indexes. */
export const unload: RunStep = async ({ tx, run }) => {
  await dropLoader(tx, run)
  await tx.query(sql`update cutover.partitions set is_loaded = true where run_id = ${run.id} and state = 'pending'`)
  return { event: { type: "unloaded" } }
}
