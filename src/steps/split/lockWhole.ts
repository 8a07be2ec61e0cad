import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, sql } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import { lockStatements } from "../swap/belongings/incomingKeys.ts"
import { placeOf, wholeTable } from "./place.ts"

/** Takes ACCESS EXCLUSIVE on the whole before its partition, as statements against it do; nothing for a table of its own. */
export async function lockWhole(tx: Queryable, run: Run): Promise<void> {
  for (const statement of wholeLockStatements(run)) await tx.query(statement)
}

/**
 * First the tables that point to the whole (see `lockStatements`), then it with all its partitions: what it gives up and gets again,
 * they do too, and whoever writes to one by its own name must not draw from a sequence that is read meanwhile.
 */
export function wholeLockStatements(run: Run): Sql[] {
  const place = placeOf(run)
  if (place === undefined) return []
  return [...lockStatements(place.incomingKeys), sql`lock table ${wholeTable(place)} in access exclusive mode`]
}
