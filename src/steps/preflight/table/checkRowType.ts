import { renderTableName } from "../../../domain/tableName.ts"
import { sql } from "../../../postgres/sql.ts"
import { type Check, block, orOk } from "../Check.ts"

/** The table's row type stays with the old table: what is declared with it would take rows of the old one only. */
export const checkRowType: Check = async ({ db, table, source }) => {
  const { rows } = await db.query<{ what: string }>(sql`
    select distinct pg_describe_object(d.classid, d.objid, d.objsubid) as what
    from pg_type t
    join pg_depend d on d.refclassid = 'pg_type'::regclass and d.refobjid in (t.oid, t.typarray)
    where t.typrelid = ${source.oid}
      and d.deptype = 'n'
      and not (d.classid = 'pg_class'::regclass and d.objid = ${source.oid})
    order by 1`)
  const findings = rows.map(({ what }) =>
    block(
      "CUTOVER_ROW_TYPE_USED",
      `${what} is declared with the row type of ${renderTableName(table)}, which stays with the old table.`,
      "Declare it with a type of its own (create type … as), or drop it for the time of the run.",
    ),
  )
  return orOk(findings, "CUTOVER_ROW_TYPE_USED", `nothing is declared with the row type of ${renderTableName(table)}.`)
}
