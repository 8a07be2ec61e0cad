import type { Queryable } from "../postgres/Queryable.ts"
import type { Run } from "../store/runs.ts"
import { requireBlueprint } from "./requireBlueprint.ts"
import { unreadOfWhole } from "./split/belongings.ts"
import type { Reading } from "./swap/Reading.ts"
import { unreadForeignKeys } from "./swap/belongings/foreignKeys.ts"
import { unreadIncomingKeys } from "./swap/belongings/incomingKeys.ts"
import { emptyMaterializedViews } from "./swap/belongings/materializedViews.ts"

/**
 * What an exchange has left to read, of the table that has the name now. Each is for a transaction of its own: what breaks off
 * one, a crash or a lock that does not come, leaves those before it done.
 */
export async function findReadings(db: Queryable, run: Run, oid: number): Promise<Reading[]> {
  const keys = requireBlueprint(run).source.foreignKeys
  return [
    // Nobody can read these meanwhile.
    ...(await emptyMaterializedViews(db, oid)),
    ...(await unreadForeignKeys(db, { oid, name: run.table, keys })),
    ...(await unreadIncomingKeys(db, run, oid)),
    ...(await unreadOfWhole(db, run)),
  ]
}
