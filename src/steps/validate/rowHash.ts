import type { ColumnDescription } from "../../postgres/catalog/TableDescription.ts"
import { type Sql, ident, join, sql } from "../../postgres/sql.ts"

/**
 * A 64-bit hash of a row that is equal exactly when every column is written equally. Types whose equality is finer
 * than that (numeric 1.0 and 1.00, citext, floats with two zeros, json, which has none) go in as their binary form,
 * which no session setting changes. `sum` of bigint is exact (numeric), and blind to order.
 *
 * Columns that cannot be null are hashed one after the other, each with the hash so far as its seed, which costs less than
 * making a record of them; the others go in as a record, which knows nulls. Should such a column be null after all (a
 * constraint NOT VALID), the whole row goes in as a record.
 */
export function hashOfRow(columns: readonly ColumnDescription[]): Sql {
  const chained = columns.filter((column) => chainFunction(column) !== undefined)
  if (chained.length === 0) return hashOfRecord(columns)
  const rest = columns.filter((column) => chainFunction(column) === undefined)
  const chain = chained.reduce(
    (seed, column) => sql`${ident("pg_catalog", chainFunction(column) ?? "")}(${ident(column.name)}, ${seed})`,
    rest.length === 0 ? sql`1` : hashOfRecord(rest),
  )
  return sql`coalesce(${chain}, ${hashOfRecord(columns)})`
}

/** The same without a chain. */
export function hashOfRecord(columns: readonly ColumnDescription[]): Sql {
  return sql`hash_record_extended(row(${join(columns.map(hashable))}), 0)`
}

/** Hash functions of pg_catalog, by type, that SQL may call with a seed, and that tell apart whatever is written differently. */
const chainFunctions: ReadonlyMap<string, string> = new Map([
  ["text", "hashtextextended"],
  ["varchar", "hashtextextended"],
  ["int2", "hashint2extended"],
  ["int4", "hashint4extended"],
  ["int8", "hashint8extended"],
  ["uuid", "uuid_hash_extended"],
])

function chainFunction({ builtinType, isNotNull, isDeterministic }: ColumnDescription): string | undefined {
  if (builtinType === null || !isNotNull || (textTypes.has(builtinType) && !isDeterministic)) return undefined
  return chainFunctions.get(builtinType)
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
