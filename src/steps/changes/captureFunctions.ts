import type { TableName } from "../../domain/tableName.ts"
import { type Sql, ident, literal, sql, table } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import { type LogColumn, logColumns, logDefinition } from "./logColumns.ts"

/** What a capturing trigger is called for: the rows of one kind of statement, or one row of any. */
export type CaptureForm = "insert" | "update" | "delete" | "row"

/** A log is appended to all the time and emptied from the front: vacuum often, so that it stays short. */
export function logTableStatement(run: Run, log: TableName): Sql {
  return sql`create table ${table(log)} (${logDefinition(run)})
    with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000)`
}

/** Nobody else may put it on a table of his own; to fire, a trigger needs no right to call its function. */
export function captureFunctionStatements(run: Run, name: Sql, log: TableName, form: CaptureForm): Sql[] {
  return [
    sql`create function ${name}() returns trigger
      language plpgsql
      security definer
      set search_path = pg_catalog, pg_temp
      as ${literal(bodies[form](table(log).text, logColumns(run)))}`,
    sql`revoke all on function ${name}() from public`,
  ]
}

/** Old and new keys are both logged without a look whether they differ: a second key costs less than the comparison. */
const bodies: Readonly<Record<CaptureForm, (log: string, columns: readonly LogColumn[]) => string>> = {
  insert: (log, columns) => appending(`insert into ${log} select ${keysOf(columns, "cutover_new")} from cutover_new`),
  delete: (log, columns) => appending(`insert into ${log} select ${keysOf(columns, "cutover_old")} from cutover_old`),
  update: (log, columns) =>
    appending(
      `insert into ${log} select ${keysOf(columns, "cutover_old")} from cutover_old
    union all select ${keysOf(columns, "cutover_new")} from cutover_new`,
    ),
  row: (log, columns) =>
    appending(`if tg_op <> 'INSERT' then
    insert into ${log} values (${keysOf(columns, "old")});
  end if;
  if tg_op <> 'DELETE' then
    insert into ${log} values (${keysOf(columns, "new")});
  end if`),
}

function appending(work: string): string {
  return `begin
  ${work};
  return null;
end`
}

/** Always with the row they are of: a column may be called as a variable of PL/pgSQL is, such as `found` or `new`. */
function keysOf(columns: readonly LogColumn[], row: "cutover_old" | "cutover_new" | "old" | "new"): string {
  return columns.map((column) => `${row}.${ident(column.of).text}`).join(", ")
}
