import type { TableName } from "../domain/tableName.ts"
import { type Sql, literal, raw, sql } from "../postgres/sql.ts"
import { type Bounds, type Partition, unbounded } from "../store/partitions.ts"
import type { Run } from "../store/runs.ts"

/** The CHECK that stands in for the partition's bounds until it is attached. */
export const boundsCheck = "cutover_bounds"

/** What ATTACH PARTITION says of a partition's bounds. */
export function partitionClause(bounds: Bounds | null): Sql {
  if (bounds === null) return raw("default")
  const from = bounds.from === unbounded ? raw(unbounded) : literal(bounds.from)
  const to = bounds.to === "MAXVALUE" ? raw(bounds.to) : literal(bounds.to)
  return sql`for values from (${from}) to (${to})`
}

/** The table of a partition, in the schema of the source. */
export function tableOf(run: Run, partition: Partition): TableName {
  if (partition.tableName === null) throw new Error(`partition ${partition.label} of run ${run.id} has no table yet`)
  return { schema: run.table.schema, name: partition.tableName }
}
