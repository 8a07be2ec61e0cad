import type { TableName } from "../domain/tableName.ts"
import type { Queryable } from "../postgres/Queryable.ts"
import type { TableDescription } from "../postgres/catalog/TableDescription.ts"
import { type Sql, join, raw, sql, table } from "../postgres/sql.ts"
import type { Blueprint } from "../store/Blueprint.ts"
import type { Run } from "../store/runs.ts"
import { requireBlueprint } from "./requireBlueprint.ts"

/** Storage parameters by which a month is vacuumed otherwise than the source, until it is analyzed after the swap. */
const ours = ["autovacuum_enabled", "autovacuum_vacuum_insert_threshold", "autovacuum_analyze_threshold"]

/** Until it is attached nobody but us touches a month, and an autovacuum, which every batch makes due, would be in our way. */
const whileLoaded = ["autovacuum_enabled=off"]

/**
 * From then on replays leave dead rows, which are vacuumed away. That it was just filled is no reason: every month would be read
 * again, with its indexes, by the cores that copy the next one, and be under vacuum when the swap, and ANALYZE, want their locks.
 */
const whileFollowing = ["autovacuum_vacuum_insert_threshold=-1", "autovacuum_analyze_threshold=2147483647"]

/** Storage parameters for the table of a month that is to be loaded. */
export function optionsWhileLoaded(source: TableDescription): string[] {
  return [...source.options.filter((option) => !isOurs(option)), ...whileLoaded]
}

export function vacuumDeadRowsOnly(name: TableName): Sql {
  return sql`alter table ${table(name)} reset (autovacuum_enabled), set (${raw(whileFollowing.join(", "))})`
}

/** Has a month vacuumed as the source is. */
export function vacuumAsSource({ source }: Blueprint, name: TableName): Sql {
  const own = source.options.filter(isOurs)
  const set = own.length === 0 ? sql`` : sql`, set (${raw(own.join(", "))})`
  return sql`alter table ${table(name)} reset (${raw(ours.join(", "))})${set}`
}

/** Has all months of the target vacuumed as the source is. ALTER TABLE takes SHARE UPDATE EXCLUSIVE on each for that. */
export async function vacuumAllAsSource(tx: Queryable, run: Run): Promise<void> {
  const { rows } = await tx.query<TableName>(sql`
    select n.nspname as schema, c.relname as name
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    join pg_namespace n on n.oid = c.relnamespace
    where i.inhparent = ${run.targetOid} and c.reloptions @> ${whileFollowing}::text[]
    order by c.oid`)
  const statements = rows.map((month) => vacuumAsSource(requireBlueprint(run), month))
  if (statements.length > 0) await tx.query(join(statements, ";\n"))
}

function isOurs(option: string): boolean {
  return ours.some((name) => option.startsWith(`${name}=`))
}
