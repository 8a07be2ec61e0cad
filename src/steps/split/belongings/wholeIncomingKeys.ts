import type { Queryable } from "../../../postgres/Queryable.ts"
import { type Sql, sql } from "../../../postgres/sql.ts"
import type { Run } from "../../../store/runs.ts"
import { addStatement, dropStatement, validateStatement } from "../../swap/belongings/incomingKeys.ts"
import type { Belonging } from "../../swap/exchange.ts"
import { placeOf, requirePlace } from "../place.ts"

/**
 * Foreign keys of other tables that point to the whole. DETACH would look in each of them for rows that point to the partition, and refuse
 * where it finds one. So they go before it and come again after ATTACH, NOT VALID; `validateWholeIncomingKeys` reads them afterwards.
 */
export const wholeIncomingKeys: Belonging = {
  read: async (_, { run }) => {
    const { incomingKeys } = requirePlace(run)
    return { take: incomingKeys.map(dropStatement), give: incomingKeys.map(addStatement) }
  },
  mark: ({ run }) => sql`
    select string_agg(concat_ws('/', o.oid, o.xmin), ' ' order by o.oid) from pg_constraint o where o.confrelid = ${requirePlace(run).wholeOid}`,
}

/** Reads both tables under weak locks, so that nobody waits. A key that was NOT VALID before the run stays so. */
export async function validateWholeIncomingKeys(tx: Queryable, run: Run): Promise<void> {
  for (const statement of plannedWholeIncomingKeys(run)) await tx.query(statement)
}

export function plannedWholeIncomingKeys(run: Run): Sql[] {
  return (placeOf(run)?.incomingKeys ?? []).filter((key) => key.isValidated).map(validateStatement)
}
