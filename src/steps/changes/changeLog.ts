import { shortenIdentifier } from "../../domain/identifier.ts"
import type { TableName } from "../../domain/tableName.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, literal, raw, sql, table } from "../../postgres/sql.ts"
import { changeLogOf } from "../../store/changeLog.ts"
import type { Run } from "../../store/runs.ts"
import { requireBlueprint } from "../prep/scaffold.ts"

/** A column of the change log, and the column of the table whose values it takes. */
export type LogColumn = { readonly name: string; readonly of: string; readonly type: string }

/** The triggers on the source that append to the change log. */
export const captureTriggers = {
  rows: "cutover_capture",
  truncate: "cutover_capture_truncate",
} as const

/** What tells the rows of the log apart: the columns of the source's identity, then the partition key. */
export function logColumns(run: Run): LogColumn[] {
  const { identity, source } = requireBlueprint(run)
  if (identity === null) throw new Error(`run ${run.id} captures writes to a table without identity`)
  const of = identity.includes(run.key.column) ? identity : [...identity, run.key.column]
  return of.map((name, n) => ({
    name: `k${n + 1}`,
    of: name,
    type: source.columns.find((one) => one.name === name)?.type ?? "",
  }))
}

/** The column of the log that holds the partition key. */
export function logKey(run: Run): string {
  return logColumns(run).find((column) => column.of === run.key.column)?.name ?? ""
}

/**
 * The log and its triggers, in order. The trigger only appends keys: it cannot fail because of the target, takes no lock
 * that another writer wants, and being SECURITY DEFINER asks no grant of the application's roles. ENABLE ALWAYS
 * makes it fire under session_replication_role = replica too. CREATE TRIGGER takes SHARE ROW EXCLUSIVE: it waits for
 * writers under way, so that every row is either there before the survey or in the log.
 */
export function captureStatements(run: Run): Sql[] {
  const columns = logColumns(run)
  const source = table(run.table)
  const log = table(changeLogOf(run))
  const name = captureFunction(run)
  return [
    sql`create table ${log} (${join(columns.map((column) => sql`${ident(column.name)} ${raw(column.type)}`))})
      with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 10000)`,
    sql`create function ${name}() returns trigger
      language plpgsql
      security definer
      set search_path = pg_catalog, pg_temp
      as ${literal(captureBody(log, columns))}`,
    sql`create trigger ${ident(captureTriggers.rows)}
      after insert or update or delete on ${source}
      for each row execute function ${name}()`,
    sql`alter table ${source} enable always trigger ${ident(captureTriggers.rows)}`,
    sql`create trigger ${ident(captureTriggers.truncate)}
      after truncate on ${source}
      for each statement execute function cutover.capture_truncate(${literal(run.id)})`,
    sql`alter table ${source} enable always trigger ${ident(captureTriggers.truncate)}`,
  ]
}

/** A row that changes its keys leaves both of them; a row that does not leaves one. */
function captureBody(log: Sql, columns: readonly LogColumn[]): string {
  const of = (row: string): string => columns.map((column) => `${row}.${ident(column.of).text}`).join(", ")
  return `begin
  if tg_op = 'INSERT' then
    insert into ${log.text} values (${of("new")});
  elsif tg_op = 'DELETE' then
    insert into ${log.text} values (${of("old")});
  elsif (${of("old")}) is distinct from (${of("new")}) then
    insert into ${log.text} values (${of("old")}), (${of("new")});
  else
    insert into ${log.text} values (${of("new")});
  end if;
  return null;
end`
}

/** DROP TRIGGER takes ACCESS EXCLUSIVE on the table, for as long as the catalog change takes. */
export async function dropCapture(tx: Queryable, run: Run, source: TableName): Promise<void> {
  for (const trigger of Object.values(captureTriggers)) {
    await tx.query(sql`drop trigger if exists ${ident(trigger)} on ${table(source)}`)
  }
  await tx.query(sql`drop function if exists ${captureFunction(run)}()`)
}

export async function dropChangeLog(tx: Queryable, run: Run): Promise<void> {
  await tx.query(sql`drop table if exists ${table(changeLogOf(run))}`)
  await tx.query(sql`delete from cutover.truncations where run_id = ${run.id}`)
}

function captureFunction(run: Run): Sql {
  return ident("cutover", shortenIdentifier(`capture_${run.id.toLowerCase()}`, ""))
}
