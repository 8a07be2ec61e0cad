import { renderTableName } from "../../../domain/tableName.ts"
import { sql } from "../../../postgres/sql.ts"
import { type Check, ok, warn } from "../Check.ts"

type RowTrigger = { readonly name: string; readonly isBefore: boolean }

/**
 * An UPDATE of the partition key moves the row: for the triggers it is a DELETE and an INSERT too, and a BEFORE trigger may
 * not move the row itself (PostgreSQL manual, 39.1 and CREATE TRIGGER).
 */
export const checkRowMoves: Check = async ({ db, source, key, table }) => {
  const { rows } = await db.query<RowTrigger>(sql`
    select quote_ident(t.tgname) as name, t.tgtype & 2 = 2 as "isBefore"
    from pg_trigger t
    where t.tgrelid = ${source.oid} and not t.tgisinternal and t.tgtype & 1 = 1 and t.tgenabled <> 'D'
    order by t.tgname`)
  if (rows.length === 0) return [ok("CUTOVER_ROWS_MOVE", `${renderTableName(table)} has no row triggers.`)]
  const before = rows.filter((row) => row.isBefore).map((row) => row.name)
  const clause =
    before.length === 0
      ? ""
      : ` A BEFORE trigger that changes ${key.column} to another partition's makes the statement fail: look at ${before.join(", ")}.`
  return [
    warn(
      "CUTOVER_ROWS_MOVE",
      `an UPDATE that carries a row to another partition fires its triggers for DELETE and INSERT too (${rows.map((row) => row.name).join(", ")}).${clause}`,
      `See to it that they bear this, if ${key.column} is ever updated.`,
    ),
  ]
}
