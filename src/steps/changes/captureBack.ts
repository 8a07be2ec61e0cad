import type { TableName } from "../../domain/tableName.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, literal, sql, table } from "../../postgres/sql.ts"
import { reverseLogOf, unheldOf } from "../../store/changeLog.ts"
import type { Run } from "../../store/runs.ts"
import { requireBlueprint } from "../prep/scaffold.ts"
import { readTargetPartitions } from "../targetPartitions.ts"
import { captureFunctionStatement, logTableStatement } from "./captureFunctions.ts"
import { logDefinition } from "./logColumns.ts"

const rowTrigger = "cutover_reverse"
const truncateTrigger = "cutover_reverse_truncate"

/** Whether writes after the swap are followed back: there is a window in which to go back, and keys that name the rows. */
export function followsBack(run: Run): boolean {
  return run.options.fallbackWindowMs > 0 && requireBlueprint(run).identity !== null
}

/**
 * The reverse change log, and its triggers on the partitioned table `name`. A row trigger, which PostgreSQL clones to every
 * partition, those to come too: a statement trigger would not see writes straight into a partition. TRUNCATE of a
 * partition has its own.
 *
 * Run before the swap takes its lock: until then nobody but us uses the partitioned table.
 */
export async function captureBackStatements(db: Queryable, run: Run, name: TableName): Promise<Sql[]> {
  const partitions = await readTargetPartitions(db, run)
  const all = [name, ...partitions]
  return [
    logTableStatement(run, reverseLogOf(run)),
    sql`create table ${table(unheldOf(run))} (${logDefinition(run)})`,
    captureFunctionStatement(run, reverseFunction(run), reverseLogOf(run), "row"),
    sql`create trigger ${ident(rowTrigger)}
      after insert or update or delete on ${table(name)} for each row execute function ${reverseFunction(run)}()`,
    // Before PostgreSQL 15 the parent's setting does not reach the partitions.
    ...all.map((one) => sql`alter table only ${table(one)} enable always trigger ${ident(rowTrigger)}`),
    ...all.flatMap((one) => truncateStatements(run, one)),
    sql`insert into cutover.followed (run_id, partition_oid, lower_bound, upper_bound)
      select ${literal(run.id)}, f.oid, f.low, f.high
      from unnest(${literal(arrayOf(partitions.map((one) => String(one.oid))))}::oid[],
                  ${literal(arrayOf(partitions.map((one) => one.from)))}::text[],
                  ${literal(arrayOf(partitions.map((one) => one.to)))}::text[]) as f (oid, low, high)`,
  ]
}

export function truncateStatements(run: Run, name: TableName): Sql[] {
  return [
    sql`create trigger ${ident(truncateTrigger)}
      after truncate on ${table(name)} for each statement execute function cutover.capture_truncate(${literal(run.id)})`,
    sql`alter table only ${table(name)} enable always trigger ${ident(truncateTrigger)}`,
  ]
}

/** DROP TRIGGER takes ACCESS EXCLUSIVE on the partitioned table and its partitions, for as long as the catalog change takes. */
export async function dropCaptureBack(tx: Queryable, run: Run, name: TableName | null): Promise<void> {
  if (name !== null) {
    await tx.query(sql`drop trigger if exists ${ident(rowTrigger)} on ${table(name)}`)
    for (const one of [name, ...(await readTargetPartitions(tx, run))]) {
      await tx.query(sql`drop trigger if exists ${ident(truncateTrigger)} on ${table(one)}`)
    }
  }
  await tx.query(sql`drop function if exists ${reverseFunction(run)}()`)
  await tx.query(
    join(
      [sql`drop table if exists ${table(reverseLogOf(run))}`, sql`drop table if exists ${table(unheldOf(run))}`],
      ";\n",
    ),
  )
  await tx.query(sql`delete from cutover.followed where run_id = ${run.id}`)
  await tx.query(sql`delete from cutover.truncations where run_id = ${run.id}`)
}

function reverseFunction(run: Run): Sql {
  return ident("cutover", `reverse_${run.id.toLowerCase()}`)
}

/** PostgreSQL's text of an array. */
function arrayOf(values: readonly (string | null)[]): string {
  return `{${values.map((value) => (value === null ? "null" : `"${value.replaceAll(/(["\\])/g, "\\$1")}"`)).join(",")}}`
}
