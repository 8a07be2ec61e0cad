import { targetName } from "../../../domain/derivedNames.ts"
import { type Interval, intervalStart, nextStart } from "../../../domain/interval.ts"
import { renderTableName } from "../../../domain/tableName.ts"
import { type Queryable, readOne } from "../../../postgres/Queryable.ts"
import type { TableDescription } from "../../../postgres/catalog/TableDescription.ts"
import { describeTable } from "../../../postgres/catalog/describeTable.ts"
import { findRelation } from "../../../postgres/catalog/findRelation.ts"
import { sql, table } from "../../../postgres/sql.ts"
import { isTwin } from "../../prep/scaffold.ts"
import type { KeyType } from "../../../store/runs.ts"
import { type TargetPartition, readTargetPartitions } from "../../targetPartitions.ts"
import { type Check, type CheckContext, block, ok } from "../Check.ts"

/** A table of the target's name is adopted where it fits; where it does not, the refusal says what differs. */
export const checkScaffold: Check = async (context) => {
  const name = targetName(context.table)
  const relation = await findRelation(context.db, name)
  if (relation === undefined)
    return [ok("CUTOVER_SCAFFOLD_DIFFERS", `${renderTableName(name)} is free for the new table.`)]
  if (context.source.isPartition)
    return [
      block(
        "CUTOVER_SPLIT_REFUSED",
        `${renderTableName(context.table)} cannot be split: ${renderTableName(name)} exists, and a scaffold in its place cannot be adopted.`,
        "Drop or rename it.",
      ),
    ]
  const target = await describeTable(context.db, relation.oid)
  const differences = target === undefined ? [] : await differencesOf(context, target)
  if (differences.length === 0)
    return [ok("CUTOVER_SCAFFOLD_DIFFERS", `${renderTableName(name)} is there and fits, so it is adopted.`)]
  return [
    block(
      "CUTOVER_SCAFFOLD_DIFFERS",
      `${renderTableName(name)} exists and does not fit: ${differences.join("; ")}.`,
      "Drop or rename it, and the run makes its own; or make it fit.",
    ),
  ]
}

async function differencesOf(context: CheckContext, target: TableDescription): Promise<string[]> {
  if (target.kind !== "p") return ["it is not a partitioned table"]
  const differences = [
    ...(await differencesOfKey(context, target)),
    ...differencesOfColumns(context.source, target),
    ...differencesOfIndexes(context, target),
    ...(await differencesOfOwners(context, target)),
  ]
  const partitions = await readTargetPartitions(context.db, { targetOid: target.oid })
  for (const partition of partitions) differences.push(...differencesOfPartition(context, partition))
  const { filled } = await readOne<{ filled: boolean }>(
    context.db,
    sql`select exists (select from ${table(targetName(context.table))}) as filled`,
  )
  return filled ? [...differences, "it holds rows already"] : differences
}

/** A partition is known by its bounds, which must be those of one interval, and by its name in the schema of the table. */
function differencesOfPartition(
  { table: { schema }, key, options }: CheckContext,
  partition: TargetPartition,
): string[] {
  const name = `partition ${partition.name}`
  const differences: string[] = []
  if (partition.schema !== schema)
    differences.push(`${name} lies in the schema ${partition.schema} and not in ${schema}`)
  if (partition.kind !== "r") differences.push(`${name} is no plain table`)
  if (!isOneInterval(partition, key.type, options.interval))
    differences.push(`${name} goes from ${partition.from} to ${partition.to}, which is not one ${options.interval}`)
  return differences
}

/** The default partition has no bounds. In a time zone with a summer time, days do not begin at one hour of UTC. */
function isOneInterval({ from, to }: TargetPartition, keyType: KeyType, interval: Interval): boolean {
  if (from === null) return true
  const day = from.slice(0, 10)
  if (!/^\d{4}-\d\d-\d\d$/.test(day)) return false
  if (keyType === "timestamptz") return true
  const midnight = keyType === "timestamp" ? " 00:00:00" : ""
  return (
    intervalStart(interval, day) === day &&
    from === `${day}${midnight}` &&
    to === `${nextStart(interval, day)}${midnight}`
  )
}

async function differencesOfKey(
  { db, key }: { db: Queryable; key: CheckContext["key"] },
  target: TableDescription,
): Promise<string[]> {
  const { definition } = await readOne<{ definition: string }>(
    db,
    sql`select pg_get_partkeydef(${target.oid}::oid) as definition`,
  )
  const { wanted } = await readOne<{ wanted: string }>(
    db,
    sql`select 'RANGE (' || quote_ident(${key.column}) || ')' as wanted`,
  )
  return definition === wanted ? [] : [`it is partitioned by ${definition} and not by ${wanted}`]
}

/**
 * Whoever may create in the schema could lay out a table that fits, and read all rows, or write more, through a partition
 * that stays his: the source's owner has to have made it, or we.
 */
async function differencesOfOwners({ db, source }: CheckContext, target: TableDescription): Promise<string[]> {
  const { rows } = await db.query<{ name: string; owner: string }>(sql`
    select c.relname as name, pg_get_userbyid(c.relowner) as owner
    from pg_class c
    where (c.oid = ${target.oid} or c.oid in (select inhrelid from pg_inherits where inhparent = ${target.oid}))
      and c.relowner <> (select oid from pg_roles where rolname = current_user)
      and c.relowner <> (select relowner from pg_class where oid = ${source.oid})
    order by c.relname`)
  return rows.map(({ name, owner }) => `${name} belongs to ${owner} and not to ${source.owner}`)
}

function differencesOfColumns(source: TableDescription, target: TableDescription): string[] {
  const has = target.columns.map((column) => column.name).join(", ")
  const wants = source.columns.map((column) => column.name).join(", ")
  if (has !== wants) return [`its columns are ${has} and not ${wants}`]
  return source.columns.flatMap((column, n) => {
    const other = target.columns[n]
    return other?.type === column.type
      ? []
      : [`column ${column.name} is ${other?.type ?? "missing"} and not ${column.type}`]
  })
}

/** Its indexes may have other names; what counts is that each of the source's has a twin. */
function differencesOfIndexes({ source, key }: CheckContext, target: TableDescription): string[] {
  return source.indexes
    .filter((index) => !target.indexes.some((other) => isTwin(index, other, key.column)))
    .map(
      (index) =>
        `it has no ${index.isUnique ? "unique " : ""}index like ${index.name}${index.isPrimary ? `, with ${key.column} added` : ""}`,
    )
}
