import { ident, join, sql, table } from "../../../postgres/sql.ts"
import { followsBack } from "../../changes/captureBack.ts"
import { partitionClause } from "../../partitionTable.ts"
import { definitionMarks } from "../../source/definitionMarks.ts"
import type { Belonging } from "../../swap/exchange.ts"
import { checkOfPlace, placeCheck, requirePlace, wholeTable } from "../place.ts"

/**
 * The place in the whole: the table in front is detached before anything else, so that all the rest finds tables of their own, and
 * the other is attached when everything is done. Its CHECK implies the bounds, and each index of the whole has its twin there: no row
 * is read and nothing is built. DETACH and ATTACH want ACCESS EXCLUSIVE and SHARE UPDATE EXCLUSIVE on the whole, which is locked already.
 *
 * The legacy table gets the CHECK for its way back, unread; `proveLegacy` reads it.
 */
export const partition: Belonging = {
  read: async (_, { run, table: name, front, isForward }) => {
    const place = requirePlace(run)
    const whole = wholeTable(place)
    const check = ident(placeCheck)
    return {
      take: [sql`alter table ${whole} detach partition ${table(name)}`],
      give: [
        sql`alter table ${whole} attach partition ${table(name)} ${partitionClause(place)}`,
        sql`alter table ${table(name)} drop constraint ${check}`,
        ...(isForward && followsBack(run)
          ? [
              sql`alter table ${table(front.parked)} add constraint ${check} check (${checkOfPlace(run, place)}) not valid`,
            ]
          : []),
      ],
    }
  },
  mark: ({ run }) => {
    const oid = requirePlace(run).wholeOid
    return sql`select concat_ws(' ', ${join(definitionMarks(oid))},
      (select p.partdefid::text from pg_partitioned_table p where p.partrelid = ${oid}))`
  },
}
