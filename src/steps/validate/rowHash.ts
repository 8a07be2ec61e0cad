import type { ColumnDescription } from "../../postgres/catalog/TableDescription.ts"
import { type Sql, ident, join, sql } from "../../postgres/sql.ts"

/**
 * A 64-bit hash of a row that is equal exactly when every column is written equally. Types whose equality is finer
 * than that (numeric 1.0 and 1.00, citext, floats with two zeros, json, which has none) go in as their binary form,
 * which no session setting changes. `sum` of bigint is exact (numeric), and blind to order.
 */
export function hashOfRow(columns: readonly ColumnDescription[]): Sql {
  return sql`hash_record_extended(row(${join(columns.map(hashable))}), 0)`
}

/** Types of pg_catalog whose values are equal only when they are the same in every bit that matters. */
const exactTypes = new Set([
  "int2",
  "int4",
  "int8",
  "oid",
  "bool",
  "char",
  "name",
  "date",
  "time",
  "timestamp",
  "timestamptz",
  "uuid",
  "bytea",
  "macaddr",
  "macaddr8",
])
const textTypes = new Set(["text", "varchar"])

function hashable(column: ColumnDescription): Sql {
  const name = ident(column.name)
  const { builtinType } = column
  if (column.isEnum || (builtinType !== null && exactTypes.has(builtinType))) return name
  if (builtinType !== null && textTypes.has(builtinType) && column.isDeterministic) return name
  if (column.sendFunction !== null) return sql`${ident(...column.sendFunction)}(${name})`
  return sql`${name}::text`
}
