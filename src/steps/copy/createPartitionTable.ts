import { targetName } from "../../domain/derivedNames.ts"
import type { TableName } from "../../domain/tableName.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, ident, raw, role, sql, table } from "../../postgres/sql.ts"
import type { Partition } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { keyWithin } from "../keyExpression.ts"
import { boundsCheck } from "../partitionTable.ts"
import { columnSettings } from "../prep/settings.ts"
import { requireBlueprint } from "../requireBlueprint.ts"

/**
 * The table of one month, alone, without indexes, so that it loads fast; with a CHECK of its bounds, so that attaching
 * it later needs no scan (PostgreSQL manual, ALTER TABLE … ATTACH PARTITION).
 */
export async function createPartitionTable(
  tx: Queryable,
  run: Run,
  partition: Partition,
  name: TableName,
): Promise<void> {
  for (const statement of partitionStatements(run, partition, name)) await tx.query(statement)
  await revokeDefaults(tx, name)
}

export function partitionStatements(run: Run, partition: Partition, name: TableName): Sql[] {
  const { source } = requireBlueprint(run)
  const options = source.options.length === 0 ? raw("") : raw(` with (${source.options.join(", ")})`)
  return [
    sql`create table ${table(name)} (
      like ${table(targetName(run.table))} including defaults including constraints including generated
        including storage including compression including statistics,
      constraint ${ident(boundsCheck)} check (${checkOfBounds(run, partition)})
    )${options}`,
    sql`alter table ${table(name)} owner to ${ident(source.owner)}`,
    ...columnSettings(source, table(name)),
  ]
}

/** The IS NOT NULL is needed: without it PostgreSQL cannot tell that the partition's rows all fit. */
function checkOfBounds(run: Run, partition: Partition): Sql {
  const within = keyWithin(run, partition.bounds)
  return partition.bounds === null ? within : sql`${ident(run.key.column)} is not null and ${within}`
}

/** ALTER DEFAULT PRIVILEGES of whoever makes the table must not open a partition, past the grants and policies of the whole. */
async function revokeDefaults(tx: Queryable, name: TableName): Promise<void> {
  const { rows } = await tx.query<{ grantee: string | null }>(sql`
    select distinct case when g.grantee = 0 then null else pg_get_userbyid(g.grantee) end as grantee
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    cross join aclexplode(c.relacl) g
    where n.nspname = ${name.schema} and c.relname = ${name.name} and g.grantee <> c.relowner`)
  for (const { grantee } of rows) await tx.query(sql`revoke all on ${table(name)} from ${role(grantee)}`)
}
