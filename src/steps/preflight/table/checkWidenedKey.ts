import { renderTableName } from "../../../domain/tableName.ts"
import { findOne } from "../../../postgres/Queryable.ts"
import { ident, raw, sql } from "../../../postgres/sql.ts"
import { type Check, type CheckContext, ok, warn } from "../Check.ts"

/** A primary key that gets the partition key added is no longer unique by itself, and no longer what ON CONFLICT means by it. */
export const checkWidenedKey: Check = async (context) => {
  const { source, key, table, options } = context
  const primary = source.indexes.find((index) => index.isPrimary)
  if (primary === undefined || primary.columns.includes(key.column) || options.primaryKey === "refuse")
    return [ok("CUTOVER_KEY_WIDENED", "the primary key stays as it is.")]
  const columns = primary.keyList ?? ""
  const users = [...(await functionsWithUpserts(context)), ...(await statementsWithUpserts(context))]
  const seen = users.length === 0 ? "" : ` Seen in: ${users.join("; ")}.`
  return [
    warn(
      "CUTOVER_KEY_WIDENED",
      `the primary key of ${renderTableName(table)} becomes (${columns}, ${key.column}): rows of different partitions may then have the same (${columns}), and ON CONFLICT (${columns}) fails with 42P10.${seen}`,
      `Write ON CONFLICT (${columns}, ${key.column}), or ON CONFLICT ON CONSTRAINT ${primary.constraint?.name ?? primary.name}, which keeps its name.`,
    ),
  ]
}

async function functionsWithUpserts({ db, table }: CheckContext): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(sql`
    select 'function ' || p.oid::regprocedure::text as name
    from pg_proc p
    where p.prosrc ~* '\\mon\\s+conflict\\M' and position(${table.name} in p.prosrc) > 0
    order by 1
    limit 5`)
  return rows.map((row) => row.name)
}

/** Where pg_stat_statements is there and may be read. pg_settings leaves out what a role may not see; current_setting would fail. */
async function statementsWithUpserts({ db, table }: CheckContext): Promise<string[]> {
  const extension = await findOne<{ schema: string }>(
    db,
    sql`
    select n.nspname as schema
    from pg_extension e
    join pg_namespace n on n.oid = e.extnamespace
    where e.extname = 'pg_stat_statements'
      and 'pg_stat_statements' = any (string_to_array(replace((select setting from pg_settings where name = 'shared_preload_libraries'), ' ', ''), ','))
      and has_schema_privilege(n.oid, 'USAGE')`,
  )
  if (extension === undefined) return []
  const { rows } = await db.query<{ query: string }>(sql`
    select distinct regexp_replace(left(s.query, 100), '\\s+', ' ', 'g') as query
    from ${ident(extension.schema)}.${raw("pg_stat_statements")} s
    where s.query ~* '\\mon\\s+conflict\\M' and position(${table.name} in s.query) > 0
    order by 1
    limit 5`)
  return rows.map((row) => row.query)
}
