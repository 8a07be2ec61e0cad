import type { TableName } from "../../domain/tableName.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, literal, sql, table } from "../../postgres/sql.ts"
import { hasLog, reverseLogOf, unheldOf } from "../../store/changeLog.ts"
import type { Run } from "../../store/runs.ts"
import { readTargetPartitions } from "../targetPartitions.ts"
import { captureFunctionStatements, logTableStatement } from "./captureFunctions.ts"
import { logDefinition } from "./logColumns.ts"
import { requireBlueprint } from "../requireBlueprint.ts"

const rowTrigger = "cutover_reverse"
const truncateTrigger = "cutover_reverse_truncate"

/**
 * Whether writes after the swap are followed back: there is a window in which to go back, and keys that name the rows. A row
 * that the legacy table cannot hold is left out by ON CONFLICT, which no table with a deferrable key takes.
 */
export function followsBack(run: Run): boolean {
  const { identity, source } = requireBlueprint(run)
  const isDeferrable = source.indexes.some((index) => index.isUnique && !index.isImmediate)
  return run.options.fallbackWindowMs > 0 && identity !== null && !isDeferrable
}

/**
 * What is missing of the reverse change log and its triggers on the partitioned table `name`. A row trigger, which PostgreSQL
 * clones to every partition, those to come too: a statement trigger would not see writes straight into a partition. TRUNCATE
 * of a partition has its own.
 *
 * Before the swap nobody but us uses that table. What our own replay makes the triggers log until then does no harm.
 */
export async function missingCapturesBack(tx: Queryable, run: Run, name: TableName): Promise<Sql[]> {
  const partitions = await readTargetPartitions(tx, run)
  return [
    ...((await hasLog(tx, reverseLogOf(run))) ? [] : logStatements(run, name)),
    ...(await missingTriggerStatements(tx, run, [{ ...name, oid: run.targetOid ?? 0 }, ...partitions])),
  ]
}

/** Notes the partitions that both tables agree on, in the transaction of the swap. */
export async function noteFollowed(tx: Queryable, run: Run): Promise<void> {
  const partitions = await readTargetPartitions(tx, run)
  await tx.query(sql`
    insert into cutover.followed (run_id, partition_oid, lower_bound, upper_bound)
    select ${run.id}, f.oid, f.low, f.high
    from unnest(${partitions.map((one) => one.oid)}::oid[], ${partitions.map((one) => one.from)}::text[],
                ${partitions.map((one) => one.to)}::text[]) as f (oid, low, high)`)
}

/** Forgets what our own replay made the triggers log. Before the swap only. */
export async function emptyReverseLog(tx: Queryable, run: Run): Promise<void> {
  await tx.query(sql`truncate ${table(reverseLogOf(run))}`)
}

function logStatements(run: Run, name: TableName): Sql[] {
  return [
    logTableStatement(run, reverseLogOf(run)),
    sql`create table ${table(unheldOf(run))} (${logDefinition(run)})`,
    ...captureFunctionStatements(run, reverseFunction(run), reverseLogOf(run), "row"),
    sql`create trigger ${ident(rowTrigger)}
      after insert or update or delete on ${table(name)} for each row execute function ${reverseFunction(run)}()`,
  ]
}

type Trigger = { readonly oid: number; readonly name: string; readonly isAlways: boolean }

/** Before PostgreSQL 15 what ENABLE ALWAYS says of the parent does not reach the partitions, so each is told. */
async function missingTriggerStatements(
  tx: Queryable,
  run: Run,
  tables: readonly (TableName & { readonly oid: number })[],
): Promise<Sql[]> {
  const { rows } = await tx.query<Trigger>(sql`
    select t.tgrelid as oid, t.tgname as name, t.tgenabled = 'A' as "isAlways"
    from pg_trigger t
    where t.tgrelid = any (${tables.map((one) => one.oid)}::oid[])
      and t.tgname = any (${[rowTrigger, truncateTrigger]}::name[])`)
  const stateOf = (oid: number, name: string): Trigger | undefined =>
    rows.find((one) => one.oid === oid && one.name === name)
  return tables.flatMap((one) => [
    ...(stateOf(one.oid, rowTrigger)?.isAlways === true
      ? []
      : [sql`alter table only ${table(one)} enable always trigger ${ident(rowTrigger)}`]),
    ...(stateOf(one.oid, truncateTrigger)?.isAlways === true ? [] : truncateStatements(run, one)),
  ])
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
  if (name !== null && (await hasLog(tx, reverseLogOf(run)))) {
    const all = [name, ...(await readTargetPartitions(tx, run))]
    const drops = [
      sql`drop trigger if exists ${ident(rowTrigger)} on ${table(name)}`,
      ...all.map((one) => sql`drop trigger if exists ${ident(truncateTrigger)} on ${table(one)}`),
    ]
    // In one text: the first takes the lock that everybody waits for.
    await tx.query(join(drops, ";\n"))
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
