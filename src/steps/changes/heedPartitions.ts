import { legacyName } from "../../domain/derivedNames.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { liftStatementTimeout } from "../../postgres/sessionSettings.ts"
import { type Sql, ident, join, sql, table } from "../../postgres/sql.ts"
import { unheldOf } from "../../store/changeLog.ts"
import type { Bounds } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { withinBounds } from "../keyExpression.ts"
import { type TargetPartition, readTargetPartitions } from "../targetPartitions.ts"
import { truncateStatements } from "./captureBack.ts"
import { logColumns, sameKey } from "./logColumns.ts"
import { requireBlueprint } from "../requireBlueprint.ts"

/**
 * Brings to the legacy table what happened to whole partitions of the new one since the swap, and fired no row trigger:
 * TRUNCATE, a partition detached or dropped, one attached with its rows. Such a range is read again as a whole.
 */
export async function heedPartitions(tx: Queryable, run: Run): Promise<void> {
  const { truncated, came, went } = await readPartitionChanges(tx, run)
  if (truncated.some((one) => one.relation === run.targetOid)) await emptyLegacy(tx, run)
  const known = await readFollowed(tx, run)
  for (const one of known.filter((each) => truncated.some((mark) => mark.relation === each.oid))) {
    await readAgain(tx, run, one, known)
  }
  await tx.query(sql`delete from cutover.truncations where id = any (${truncated.map((one) => one.id)}::bigint[])`)
  for (const one of went) {
    await readAgain(tx, run, one, known)
    await tx.query(sql`delete from cutover.followed where run_id = ${run.id} and partition_oid = ${one.oid}`)
  }
  for (const one of came) {
    for (const statement of truncateStatements(run, one)) await tx.query(statement)
    await insertRange(tx, run, rangeOf(run, one, known))
    await tx.query(sql`
      insert into cutover.followed (run_id, partition_oid, lower_bound, upper_bound)
      values (${run.id}, ${one.oid}, ${one.from}, ${one.to})`)
  }
}

export async function hasPartitionChanges(tx: Queryable, run: Run): Promise<boolean> {
  const { truncated, came, went } = await readPartitionChanges(tx, run)
  return truncated.length + came.length + went.length > 0
}

type Followed = Pick<TargetPartition, "oid" | "from" | "to">

async function readPartitionChanges(
  tx: Queryable,
  run: Run,
): Promise<{ truncated: { id: string; relation: number }[]; came: TargetPartition[]; went: Followed[] }> {
  const { rows: truncated } = await tx.query<{ id: string; relation: number }>(
    sql`select id, relation from cutover.truncations where run_id = ${run.id}`,
  )
  const known = await readFollowed(tx, run)
  const now = await readTargetPartitions(tx, run)
  return {
    truncated,
    came: now.filter((one) => !known.some((other) => other.oid === one.oid)),
    went: known.filter((one) => !now.some((other) => other.oid === one.oid)),
  }
}

async function readFollowed(tx: Queryable, run: Run): Promise<Followed[]> {
  const { rows } = await tx.query<Followed>(sql`
    select partition_oid as oid, lower_bound as "from", upper_bound as "to"
    from cutover.followed
    where run_id = ${run.id}
    order by lower_bound nulls last`)
  return rows
}

/** TRUNCATE takes ACCESS EXCLUSIVE on the legacy table, which nobody uses but who looks back at it. */
async function emptyLegacy(tx: Queryable, run: Run): Promise<void> {
  await tx.query(sql`truncate ${table(legacyName(run.table))}`)
  await tx.query(sql`delete from ${table(unheldOf(run))}`)
}

async function readAgain(tx: Queryable, run: Run, one: Followed, known: readonly Followed[]): Promise<void> {
  const range = rangeOf(run, one, known)
  await liftStatementTimeout(tx)
  await tx.query(sql`delete from ${table(legacyName(run.table))} as cutover_row where ${range}`)
  await insertRange(tx, run, range)
}

async function insertRange(tx: Queryable, run: Run, range: Sql): Promise<void> {
  const columns = join(requireBlueprint(run).columns.map((name) => ident(name)))
  const legacy = table(legacyName(run.table))
  await tx.query(sql`
    insert into ${legacy} (${columns}) overriding system value
    select ${columns} from ${table(run.table)} as cutover_row where ${range}
    on conflict do nothing`)
  const keys = logColumns(run)
  const names = join(keys.map((key) => ident(key.name)))
  const taken = sql`(select ${join(keys.map((key) => sql`${ident(key.of)} as ${ident(key.name)}`))}
                     from ${table(run.table)} as cutover_row where ${range}) as cutover_taken`
  await tx.query(sql`
    insert into ${table(unheldOf(run))} (${names})
    select ${names} from ${taken}
    where not exists (select from ${legacy} as cutover_legacy where ${sameKey(run, "cutover_legacy", "cutover_taken")})`)
}

/** The rows of one partition; of the default one, those that no other takes. */
function rangeOf(run: Run, one: Followed, known: readonly Followed[]): Sql {
  const bounds = boundsOf(one)
  if (bounds !== null) return withinBounds(run, ident("cutover_row", run.key.column), bounds)
  const others = known.map(boundsOf).filter((other) => other !== null)
  if (others.length === 0) return sql`true`
  return sql`(${join(
    others.map((other) => sql`(${withinBounds(run, ident("cutover_row", run.key.column), other)})`),
    " or ",
  )}) is not true`
}

function boundsOf({ from, to }: Followed): Bounds | null {
  if (from === null || to === null) return null
  return { from: from === "MINVALUE" ? "-infinity" : from, to: to === "MAXVALUE" ? "infinity" : to }
}
