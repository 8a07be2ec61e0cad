import type { Queryable } from "../../postgres/Queryable.ts"
import type { Run } from "../../store/runs.ts"
import type { Belonging } from "../swap/exchange.ts"
import { partition } from "./belongings/partition.ts"
import { validateWholeForeignKeys, wholeForeignKeys } from "./belongings/wholeForeignKeys.ts"
import { wholeIdentities } from "./belongings/wholeIdentities.ts"
import { validateWholeIncomingKeys, wholeIncomingKeys } from "./belongings/wholeIncomingKeys.ts"

/**
 * What changes hands where the table is a partition, before all that any table has: taken first, and given last. What the whole
 * has with all its partitions goes before one of them is detached, and comes again when the other is attached.
 */
export const splitBelongings: readonly Belonging[] = [wholeIdentities, wholeIncomingKeys, wholeForeignKeys, partition]

/** Reads the foreign keys that came unread: nothing for a table of its own. */
export async function validateWhole(tx: Queryable, run: Run): Promise<void> {
  await validateWholeForeignKeys(tx, run)
  await validateWholeIncomingKeys(tx, run)
}
