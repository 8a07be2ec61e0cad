import { targetName } from "../../domain/derivedNames.ts"
import type { TableName } from "../../domain/tableName.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { findRelation } from "../../postgres/catalog/findRelation.ts"
import { type Sql, ident, join, raw, sql, table } from "../../postgres/sql.ts"
import { type Partition, saveTableOid } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { optionsWhileLoaded } from "../autovacuum.ts"
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
  await tx.query(join(partitionStatements(run, partition, name, grantees), ";\n"))
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
  return [
    sql`create ${raw(source.persistence === "u" ? "unlogged " : "")}table ${table(name)} (
      like ${table(targetName(run.table))} including defaults including constraints including generated
        including storage including compression including statistics,
      constraint ${ident(boundsCheck)} check (${checkOfBounds(run, partition)})
    ) with (${raw(optionsWhileLoaded(source).join(", "))})${tablespaceClause(source)}`,
    ...revokeStatements("table", table(name), tables),
    sql`alter table ${table(name)} owner to ${ident(source.owner)}`,
    ...columnSettings(source, table(name)),
  ]
}

/** The IS NOT NULL is needed: without it PostgreSQL cannot tell that the partition's rows all fit. */
function checkOfBounds(run: Run, partition: Partition): Sql {
  const within = keyWithin(run, partition.bounds)
  return partition.bounds === null ? within : sql`${ident(run.key.column)} is not null and ${within}`
}
