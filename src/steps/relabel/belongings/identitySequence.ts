import { ident, sql, table } from "../../../postgres/sql.ts"
import { readDefaultGrantees } from "../../prep/defaultPrivileges.ts"
import { identityStatements } from "../../prep/scaffold.ts"
import { requireBlueprint } from "../../requireBlueprint.ts"
import { identitySequencesOf, markOfSequences } from "../../swap/belongings/sequences.ts"
import type { Belonging } from "../../swap/exchange.ts"

/**
 * A partition cannot have an identity of its own (PostgreSQL 17). So the history's goes, once the position of its sequence
 * is handed over; on the way back it is made anew, before the position comes back.
 */
export const identitySequence: Belonging = {
  read: async (db, exchange) => {
    const { run, table: name, back, isForward } = exchange
    const { source } = requireBlueprint(run)
    const moves = await identitySequencesOf(!isForward).read(db, exchange)
    if (isForward) {
      const columns = source.sequences.filter((one) => one.dependency === "i").map((one) => ident(one.column))
      const drops = columns.map((column) => sql`alter table ${table(name)} alter column ${column} drop identity`)
      return { take: [...moves.take, ...drops], give: moves.give }
    }
    const grantees = await readDefaultGrantees(db, source.schema, source.owner)
    return {
      take: [...identityStatements(source, table(back.parked), grantees, back.park), ...moves.take],
      give: moves.give,
    }
  },
  mark: markOfSequences,
}
