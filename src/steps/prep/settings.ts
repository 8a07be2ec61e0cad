import { partitionObjectName } from "../../domain/derivedNames.ts"
import type { TableName } from "../../domain/tableName.ts"
import type { IndexDescription, TableDescription } from "../../postgres/catalog/TableDescription.ts"
import { type Sql, ident, raw, sql, table } from "../../postgres/sql.ts"
import { commentStatement } from "../swap/belongings/comments.ts"

/** What LIKE leaves behind of each column: its statistics target, and options such as n_distinct. */
export function columnSettings(source: TableDescription, on: Sql): Sql[] {
  return source.columns.flatMap((column) => [
    ...(column.statistics === null
      ? []
      : [sql`alter table ${on} alter column ${ident(column.name)} set statistics ${raw(String(column.statistics))}`]),
    ...(column.options.length === 0
      ? []
      : [sql`alter table ${on} alter column ${ident(column.name)} set (${raw(column.options.join(", "))})`]),
  ])
}

/** What tells rows apart for subscribers. Partitions are published by their own; `nameOf` says what an index is called there. */
export function replicaIdentity(source: TableDescription, on: Sql, nameOf: (index: string) => string): Sql[] {
  switch (source.replicaIdentity) {
    case "f":
      return [sql`alter table ${on} replica identity full`]
    case "n":
      return [sql`alter table ${on} replica identity nothing`]
    case "i":
      return [sql`alter table ${on} replica identity using index ${ident(nameOf(source.replicaIndex ?? ""))}`]
    default:
      return []
  }
}

export function replicaIdentityOfPartition(source: TableDescription, partition: TableName): Sql[] {
  return replicaIdentity(source, table(partition), (index) => partitionObjectName(partition, index))
}

/** Comments on indexes and keys, which LIKE brings along only with the indexes themselves. */
export function indexComments(source: TableDescription, on: TableName, nameOf: (index: string) => string): Sql[] {
  return source.indexes.flatMap((index) => [
    ...commentStatement(sql`index ${ident(on.schema, nameOf(index.name))}`, index.comment),
    ...commentOnConstraint(index, on, nameOf),
  ])
}

function commentOnConstraint({ constraint }: IndexDescription, on: TableName, nameOf: (name: string) => string): Sql[] {
  if (constraint === null) return []
  return commentStatement(sql`constraint ${ident(nameOf(constraint.name))} on ${table(on)}`, constraint.comment)
}
