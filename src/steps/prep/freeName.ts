import { defaultPartitionName, partitionName } from "../../domain/derivedNames.ts"
import type { TableName } from "../../domain/tableName.ts"
import { type Queryable, findOne } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"
import { defaultLabel } from "./survey.ts"

/** What the table of a partition is to be called: the first name in a row that nobody has, table or type. */
export async function freeName(db: Queryable, table: TableName, label: string): Promise<TableName> {
  for (let n = 1; ; n++) {
    const name = n === 1 ? nameOf(table, label) : partitionName(table, `${label}-${n}`)
    const taken = await findOne(
      db,
      sql`
      select from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = ${name.schema} and c.relname = ${name.name}
      union all
      select from pg_type t join pg_namespace n on n.oid = t.typnamespace where n.nspname = ${name.schema} and t.typname = ${name.name}`,
    )
    if (taken === undefined) return name
  }
}

function nameOf(table: TableName, label: string): TableName {
  return label === defaultLabel ? defaultPartitionName(table) : partitionName(table, label)
}
