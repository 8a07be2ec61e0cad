import { targetName } from "../../domain/derivedNames.ts"
import type { TableName } from "../../domain/tableName.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { findRelation } from "../../postgres/catalog/findRelation.ts"
import { type Sql, ident, raw, sql, table } from "../../postgres/sql.ts"
import type { Blueprint } from "../../store/Blueprint.ts"
import { type Partition, saveTableOid } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { keyWithin } from "../keyExpression.ts"
import { boundsCheck } from "../partitionTable.ts"
import { type DefaultGrantees, readDefaultGrantees, revokeStatements } from "../prep/defaultPrivileges.ts"
import { columnSettings, tablespaceClause } from "../prep/settings.ts"
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
  const grantees = await readDefaultGrantees(tx, name.schema, requireBlueprint(run).source.owner)
  for (const statement of partitionStatements(run, partition, name, grantees)) await tx.query(statement)
  const made = await findRelation(tx, name)
  await saveTableOid(tx, partition.id, made?.oid ?? null)
}

export function partitionStatements(
  run: Run,
  partition: Partition,
  name: TableName,
  { tables }: DefaultGrantees,
): Sql[] {
  const { source } = requireBlueprint(run)
  const options = [...source.options.filter((option) => !isAutovacuum(option)), "autovacuum_enabled=off"]
  return [
    sql`create ${raw(source.persistence === "u" ? "unlogged " : "")}table ${table(name)} (
      like ${table(targetName(run.table))} including defaults including constraints including generated
        including storage including compression including statistics,
      constraint ${ident(boundsCheck)} check (${checkOfBounds(run, partition)})
    ) with (${raw(options.join(", "))})${tablespaceClause(source)}`,
    ...revokeStatements("table", table(name), tables),
    sql`alter table ${table(name)} owner to ${ident(source.owner)}`,
    ...columnSettings(source, table(name)),
  ]
}

/**
 * While a month is loaded, indexed and attached, nobody else has a reason to touch it, and an autovacuum of it, which every batch
 * makes due, would be in the way of each. From here on it is vacuumed as the source is.
 */
export function allowAutovacuum({ source }: Blueprint, name: TableName): Sql {
  const own = source.options.find(isAutovacuum)
  return own === undefined
    ? sql`alter table ${table(name)} reset (autovacuum_enabled)`
    : sql`alter table ${table(name)} set (${raw(own)})`
}

function isAutovacuum(option: string): boolean {
  return option.startsWith("autovacuum_enabled=")
}

/** The IS NOT NULL is needed: without it PostgreSQL cannot tell that the partition's rows all fit. */
function checkOfBounds(run: Run, partition: Partition): Sql {
  const within = keyWithin(run, partition.bounds)
  return partition.bounds === null ? within : sql`${ident(run.key.column)} is not null and ${within}`
}
