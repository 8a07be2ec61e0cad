import { type Sql, ident, raw, sql, table } from "../../../postgres/sql.ts"
import { requireBlueprint } from "../../requireBlueprint.ts"
import { commentStatement } from "../../swap/belongings/comments.ts"
import type { Belonging } from "../../swap/exchange.ts"

/**
 * Foreign keys to other tables stay on the history, whose rows they have proved. The whole gets the same before the history is attached,
 * which adopts those it finds there without reading a row; the months ahead are empty. A rollback detaches the history with its own.
 * ADD takes SHARE ROW EXCLUSIVE on the table that is pointed to, ATTACH and DROP ACCESS EXCLUSIVE: they drop triggers there.
 */
export const adoptedKeys: Belonging = {
  read: async (_, { run, table: name, isForward }) => {
    const keys = requireBlueprint(run).source.foreignKeys
    const on = table(name)
    return isForward
      ? {
          take: [],
          give: keys.flatMap((key) => [
            sql`alter table ${on} add constraint ${ident(key.name)} ${raw(key.definition)}${notValid(key.isValidated)}`,
            ...commentStatement(sql`constraint ${ident(key.name)} on ${on}`, key.comment),
          ]),
        }
      : { take: keys.map((key) => sql`alter table ${on} drop constraint if exists ${ident(key.name)}`), give: [] }
  },
}

function notValid(isValidated: boolean): Sql {
  return isValidated ? sql`` : sql` not valid`
}
