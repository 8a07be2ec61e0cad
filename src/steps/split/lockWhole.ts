import type { Queryable } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import { placeOf, wholeTable } from "./place.ts"

/** Takes ACCESS EXCLUSIVE on the whole before its partition, as statements against it do; nothing for a table of its own. */
export async function lockWhole(tx: Queryable, run: Run): Promise<void> {
  const place = placeOf(run)
  if (place !== undefined) await tx.query(sql`lock table only ${wholeTable(place)} in access exclusive mode`)
}
