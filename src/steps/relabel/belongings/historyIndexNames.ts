import { ident, sql } from "../../../postgres/sql.ts"
import { requireBlueprint } from "../../requireBlueprint.ts"
import type { Belonging } from "../../swap/exchange.ts"
import { extendedKey } from "../relabels.ts"

/**
 * The names of indexes, as in any exchange. An extended primary key of the history has its parked name from the start: the one
 * that had the name in front is gone.
 */
export const historyIndexNames: Belonging = {
  read: async (_, { run, table: { schema }, front, back, isForward }) => {
    const { indexes, source } = requireBlueprint(run)
    const extended = extendedKey(source, run.key.column)?.name
    return {
      take: [],
      give: indexes.flatMap(({ name }) => [
        ...(isForward && name === extended
          ? []
          : [
              sql`alter index ${isForward ? sql`` : sql`if exists `}${ident(schema, name)} rename to ${ident(front.park(name))}`,
            ]),
        sql`alter index ${isForward ? sql`` : sql`if exists `}${ident(schema, back.park(name))} rename to ${ident(name)}`,
      ]),
    }
  },
}
