import type { Sql } from "../../postgres/sql.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import type { Run } from "../../store/runs.ts"
import type { Reading } from "../swap/Reading.ts"
import type { Belonging, Exchange } from "../swap/exchange.ts"
import { partition } from "./belongings/partition.ts"
import { plannedWholeForeignKeys, unreadWholeForeignKeys, wholeForeignKeys } from "./belongings/wholeForeignKeys.ts"
import { placeOf } from "./place.ts"
import { wholeIdentities } from "./belongings/wholeIdentities.ts"
import { plannedWholeIncomingKeys, unreadWholeIncomingKeys, wholeIncomingKeys } from "./belongings/wholeIncomingKeys.ts"

/**
 * What changes hands where the table is a partition, before all that any table has: taken first, and given last. What the whole
 * has with all its partitions goes before one of them is detached, and comes again when the other is attached.
 */
export const splitBelongings: readonly Belonging[] = [wholeIdentities, wholeIncomingKeys, wholeForeignKeys, partition]

/** The foreign keys that came unread: none for a table of its own. */
export async function unreadOfWhole(db: Queryable, run: Run): Promise<Reading[]> {
  return [...(await unreadWholeForeignKeys(db, run)), ...(await unreadWholeIncomingKeys(db, run))]
}

/** The same as statements, for the plan. */
export async function plannedWholeValidation(db: Queryable, exchange: Exchange): Promise<Sql[]> {
  if (placeOf(exchange.run) === undefined) return []
  return [...(await plannedWholeForeignKeys(db, exchange)), ...plannedWholeIncomingKeys(exchange.run)]
}
