import { type Queryable, findOne } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import { boundsCheck } from "../partitionTable.ts"
import { requireBlueprint } from "../requireBlueprint.ts"
import { changed } from "../source/assertUnchanged.ts"
import { findKeyIndex, keyIndexes } from "./keyIndexes.ts"

/** Halts where what prep proved or built on the table is gone: without it the swap would read the table under the lock. */
export async function assertProven(tx: Queryable, run: Run): Promise<void> {
  const missing: string[] = []
  const check = await findOne(
    tx,
    sql`select from pg_constraint where conrelid = ${run.sourceOid} and conname = ${boundsCheck} and convalidated`,
  )
  if (check === undefined) missing.push(`check ${boundsCheck}: gone, or not valid`)
  for (const { name } of keyIndexes(requireBlueprint(run).source, run.key.column)) {
    if ((await findKeyIndex(tx, run, name))?.isValid !== true) missing.push(`index ${name}: gone, or not valid`)
  }
  if (missing.length > 0) throw changed(run, missing)
}
