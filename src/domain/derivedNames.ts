import { shortenIdentifier } from "./identifier.ts"
import type { TableName } from "./tableName.ts"

/** The partitioned table that is built beside the source: `<t>_partitioned`. */
export function targetName(table: TableName): TableName {
  return derived(table, "_partitioned")
}

/** The source after the swap: `<t>_legacy`. */
export function legacyName(table: TableName): TableName {
  return derived(table, "_legacy")
}

/** The source after a swap that made it the first partition: `<t>_history`. */
export function historyName(table: TableName): TableName {
  return derived(table, "_history")
}

/** The table of one partition: `<t>_2025_11` for the label `2025-11`. */
export function partitionName(table: TableName, label: string): TableName {
  return derived(table, `_${label.replaceAll("-", "_")}`)
}

/** The table of the default partition: `<t>_default`. */
export function defaultPartitionName(table: TableName): TableName {
  return derived(table, "_default")
}

/** The name, on one partition, of an index or constraint of the whole table; distinct names stay distinct. */
export function partitionObjectName(partitionTable: TableName, objectName: string): string {
  return shortenIdentifier(`${partitionTable.name}_${objectName}`, "")
}

/**
 * One byte less than a name may have: a table's array type is called `_<t>`, cut to 63 bytes, and two tables that are
 * made at the same time must not want the same one.
 */
const maxTableBytes = 62

function derived({ schema, name }: TableName, suffix: string): TableName {
  return { schema, name: shortenIdentifier(name, suffix, maxTableBytes) }
}
