import type { Queryable } from "../../../postgres/Queryable.ts"
import { type Sql, sql } from "../../../postgres/sql.ts"
import type { IncomingKey } from "../../../store/Blueprint.ts"
import type { Run } from "../../../store/runs.ts"
import { readIncomingKeys } from "../../source/readIncomingKeys.ts"
import { addStatement, dropStatement, isSame, validateStatement } from "../../swap/belongings/incomingKeys.ts"
import type { Reading } from "../../swap/Reading.ts"
import type { Belonging } from "../../swap/exchange.ts"
import { placeOf, requirePlace } from "../place.ts"

/**
 * Foreign keys of other tables that point to the whole. DETACH would look in each of them for rows that point to the partition, and refuse
 * where it finds one. So they go before it and come again after ATTACH, NOT VALID; `unreadWholeIncomingKeys` are read afterwards.
 */
export const wholeIncomingKeys: Belonging = {
  read: async (_, { run }) => {
    const { incomingKeys } = requirePlace(run)
    return { take: incomingKeys.map(dropStatement), give: incomingKeys.map(addStatement) }
  },
  mark: ({ run }) => sql`
    select string_agg(concat_ws('/', o.oid, o.xmin), ' ' order by o.oid) from pg_constraint o where o.confrelid = ${requirePlace(run).wholeOid}`,
}

/** VALIDATE reads both tables under weak locks, so that nobody waits. A key that was NOT VALID before the run stays so. */
export async function unreadWholeIncomingKeys(db: Queryable, run: Run): Promise<Reading[]> {
  const place = placeOf(run)
  const wanted = wantedKeys(run)
  if (place === undefined || wanted.length === 0) return []
  const present = await readIncomingKeys(db, place.wholeOid, run.key.column)
  return wanted
    .filter((key) => present.some((one) => isSame(one, key) && !one.isValidated))
    .map((key) => [validateStatement(key)])
}

export function plannedWholeIncomingKeys(run: Run): Sql[] {
  return wantedKeys(run).map(validateStatement)
}

function wantedKeys(run: Run): IncomingKey[] {
  return (placeOf(run)?.incomingKeys ?? []).filter((key) => key.isValidated)
}
