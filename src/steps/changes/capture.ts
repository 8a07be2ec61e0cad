import type { TableName } from "../../domain/tableName.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, literal, sql, table } from "../../postgres/sql.ts"
import { changeLogOf } from "../../store/changeLog.ts"
import type { Run } from "../../store/runs.ts"
import { placeOf } from "../split/place.ts"
import { type CaptureForm, captureFunctionStatements, logTableStatement } from "./captureFunctions.ts"

/** The triggers on the source that append to the change log, by the function that each calls; TRUNCATE has no rows. */
const triggers = {
  insert: "cutover_capture_insert",
  update: "cutover_capture_update",
  delete: "cutover_capture_delete",
  row: "cutover_capture_row",
} as const satisfies Record<CaptureForm, string>
const truncateTrigger = "cutover_capture_truncate"

/** What nobody waits for, and what is done under the lock, which writers wait for. In one transaction. */
export type GuardStatements = { readonly before: readonly Sql[]; readonly under: readonly Sql[] }

/**
 * The log and its functions, which nobody waits for, and the triggers, under the lock that they take. A trigger only appends keys: it cannot fail because of the target, takes no lock
 * that another writer wants, and being SECURITY DEFINER asks no grant of the application's roles.
 *
 * Statement triggers with transition tables cost a statement of many rows a fraction of what row triggers do (see
 * docs/decisions/0006). Logical replication applies rows without a statement, so a row trigger that fires only
 * for session_replication_role = replica stands beside them; ENABLE ALWAYS lets the others fire there too.
 *
 * A statement fires the triggers of statements only of the table that it names (PostgreSQL manual, 39.1). So a partition, whose rows come
 * by statements against the whole, has a row trigger alone; TRUNCATE fires those of every table that it empties.
 *
 * CREATE TRIGGER takes SHARE ROW EXCLUSIVE: it waits for writers under way, so that every row is either there before the
 * survey or in the log.
 */
export function captureStatements(run: Run): GuardStatements {
  const on = table(run.table)
  const isPartition = placeOf(run) !== undefined
  const always = isPartition ? [triggers.row] : [triggers.insert, triggers.update, triggers.delete]
  const before = [
    logTableStatement(run, changeLogOf(run)),
    ...(isPartition ? (["row"] as const) : forms).flatMap((form) =>
      captureFunctionStatements(run, captureFunction(run, form), changeLogOf(run), form),
    ),
  ]
  const under = [
    ...(isPartition ? [] : statementTriggers(run, on)),
    sql`create trigger ${ident(triggers.row)} after insert or update or delete on ${on} for each row ${call(run, "row")}`,
    sql`create trigger ${ident(truncateTrigger)}
      after truncate on ${on} for each statement execute function cutover.capture_truncate(${literal(run.id)})`,
    ...[...always, truncateTrigger].map((name) => sql`alter table ${on} enable always trigger ${ident(name)}`),
    ...(isPartition ? [] : [sql`alter table ${on} enable replica trigger ${ident(triggers.row)}`]),
  ]
  return { before, under }
}

function statementTriggers(run: Run, on: Sql): Sql[] {
  return [
    sql`create trigger ${ident(triggers.insert)} after insert on ${on}
      referencing new table as cutover_new for each statement ${call(run, "insert")}`,
    sql`create trigger ${ident(triggers.update)} after update on ${on}
      referencing old table as cutover_old new table as cutover_new for each statement ${call(run, "update")}`,
    sql`create trigger ${ident(triggers.delete)} after delete on ${on}
      referencing old table as cutover_old for each statement ${call(run, "delete")}`,
  ]
}

function call(run: Run, form: CaptureForm): Sql {
  return sql`execute function ${captureFunction(run, form)}()`
}

/** DROP TRIGGER takes ACCESS EXCLUSIVE on the table, for as long as the catalog change takes. */
export function dropCaptureStatements(source: TableName): Sql[] {
  return [...Object.values(triggers), truncateTrigger].map(
    (name) => sql`drop trigger if exists ${ident(name)} on ${table(source)}`,
  )
}

/** What the triggers leave behind: their functions and the log, which nobody but us uses. */
export async function dropChangeLog(tx: Queryable, run: Run): Promise<void> {
  for (const statement of dropChangeLogStatements(run)) await tx.query(statement)
}

export function dropChangeLogStatements(run: Run): Sql[] {
  return [
    sql`drop function if exists ${join(forms.map((form) => sql`${captureFunction(run, form)}()`))}`,
    sql`drop table if exists ${table(changeLogOf(run))}`,
    sql`delete from cutover.truncations where run_id = ${literal(run.id)}`,
  ]
}

const forms = Object.keys(triggers) as CaptureForm[]

function captureFunction(run: Run, form: CaptureForm): Sql {
  return ident("cutover", `capture_${form}_${run.id.toLowerCase()}`)
}
