import { renderTableName, type TableName } from "../../domain/tableName.ts"
import { CutoverError, nothingChanged } from "../../errors/CutoverError.ts"
import type { ErrorCode } from "../../errors/codes.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import type { ColumnDescription, TableDescription } from "../../postgres/catalog/TableDescription.ts"
import { describeTable } from "../../postgres/catalog/describeTable.ts"
import { findRelation } from "../../postgres/catalog/findRelation.ts"
import { historyName } from "../../domain/derivedNames.ts"
import { unbounded } from "../../store/partitions.ts"
import { readTargetPartitions } from "../targetPartitions.ts"
import { assertNothingBlocks } from "./preflight.ts"
import { checkServer } from "./server/checkServer.ts"
import type { KeyType } from "../../store/runs.ts"

/** The table and its partition key, or a refusal that says why they cannot be. */
export async function resolveSource(
  db: Queryable,
  table: TableName,
  by: string,
): Promise<{ readonly source: TableDescription; readonly key: { readonly column: string; readonly type: KeyType } }> {
  const source = await findSource(db, table)
  return { source, key: { column: by, type: keyTypeOf(source, table, by) } }
}

/** The table, or a refusal that says why it cannot be cut over. An old server could not even be asked. */
export async function findSource(db: Queryable, table: TableName): Promise<TableDescription> {
  assertNothingBlocks(await checkServer({ db }))
  const relation = await findRelation(db, table)
  const source = relation === undefined ? undefined : await describeTable(db, relation.oid)
  if (source === undefined) throw unknownTable(table)
  if (source.kind === "p") await assertNotRelabelled(db, table, source)
  assertPlainTable(source, table)
  return source
}

/** Whoever made a table its own first partition may want months of the past as well. */
async function assertNotRelabelled(db: Queryable, table: TableName, { oid }: TableDescription): Promise<void> {
  const history = historyName(table)
  const partitions = await readTargetPartitions(db, { targetOid: oid })
  const found = partitions.find((one) => one.name === history.name && one.schema === history.schema)
  if (found?.from !== unbounded) return
  throw refused(
    "CUTOVER_ALREADY_PARTITIONED",
    `${renderTableName(table)} is partitioned already; what was there before ${found.to} is one partition, ${renderTableName(history)}.`,
    `To split that into months: cutover launch ${renderTableName(history)} --by <column>`,
  )
}

/** What `pg_class.relkind` means, and why it cannot be cut over. */
const kinds: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  p: ["CUTOVER_ALREADY_PARTITIONED", "is partitioned already"],
  v: ["CUTOVER_NOT_A_PLAIN_TABLE", "is a view"],
  m: ["CUTOVER_NOT_A_PLAIN_TABLE", "is a materialized view"],
  f: ["CUTOVER_NOT_A_PLAIN_TABLE", "is a foreign table"],
  S: ["CUTOVER_NOT_A_PLAIN_TABLE", "is a sequence"],
  i: ["CUTOVER_NOT_A_PLAIN_TABLE", "is an index"],
  I: ["CUTOVER_NOT_A_PLAIN_TABLE", "is an index"],
  c: ["CUTOVER_NOT_A_PLAIN_TABLE", "is a composite type"],
}

function assertPlainTable(source: TableDescription, table: TableName): void {
  const name = renderTableName(table)
  const kind = kinds[source.kind]
  if (kind !== undefined) throw refused(kind[0], `${name} ${kind[1]}.`, "Name an ordinary table.")
  if (source.persistence === "t")
    throw refused("CUTOVER_NOT_A_PLAIN_TABLE", `${name} is a temporary table.`, "Name a permanent table.")
  // A partition may be split: `checkPlace` looks at what it is a part of.
  if ((source.hasParents && !source.isPartition) || source.hasChildren)
    throw refused(
      "CUTOVER_INHERITANCE",
      `${name} has parents or children by inheritance.`,
      "Dissolve the inheritance first: ALTER TABLE … NO INHERIT.",
    )
  if (source.isTyped)
    throw refused(
      "CUTOVER_INHERITANCE",
      `${name} is a typed table (CREATE TABLE … OF).`,
      "Make it an ordinary table first: ALTER TABLE … NOT OF.",
    )
}

const keyTypes: ReadonlySet<string> = new Set<KeyType>(["date", "timestamp", "timestamptz"])

function keyTypeOf(source: TableDescription, table: TableName, by: string): KeyType {
  const name = renderTableName(table)
  const column = source.columns.find((one) => one.name === by)
  if (column === undefined) throw unknownColumn(source, name, by)
  if (!isKeyType(column)) {
    throw refused(
      "CUTOVER_KEY_TYPE",
      `${name}.${by} is of type ${column.type}; a partition key must be date, timestamp or timestamptz.`,
      "Name another column with --by, or change its type first.",
    )
  }
  if (column.generated !== "")
    throw refused(
      "CUTOVER_KEY_GENERATED",
      `${name}.${by} is a generated column.`,
      "Name the column it is generated from.",
    )
  return column.builtinType as KeyType
}

/** A domain over date would do for PostgreSQL, but its checks could refuse the bounds. */
function isKeyType(column: ColumnDescription): boolean {
  return column.builtinType !== null && keyTypes.has(column.builtinType) && /^(date|timestamp)/.test(column.type)
}

function unknownTable(table: TableName): CutoverError {
  return new CutoverError("CUTOVER_TABLE_UNKNOWN", {
    message: `There is no table ${renderTableName(table)} in this database.`,
    state: nothingChanged,
    hint: 'Check the name and the schema; quote mixed case: \'"Sales"."Returns"\'.',
    details: { table: renderTableName(table) },
  })
}

function unknownColumn(source: TableDescription, name: string, by: string): CutoverError {
  const possible = source.columns.filter(isKeyType).map((one) => one.name)
  return new CutoverError("CUTOVER_COLUMN_UNKNOWN", {
    message: `${name} has no column ${by}.`,
    state: nothingChanged,
    hint:
      possible.length === 0
        ? "It has no column of type date, timestamp or timestamptz either."
        : `Columns that could be the key: ${possible.join(", ")}.`,
    details: { column: by, possible },
  })
}

function refused(code: ErrorCode, message: string, hint: string): CutoverError {
  return new CutoverError(code, { message, state: nothingChanged, hint })
}
