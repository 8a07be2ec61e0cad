import { partitionObjectName } from "../../domain/derivedNames.ts"
import type { TableName } from "../../domain/tableName.ts"
import type {
  IndexDescription,
  StatisticsDescription,
  TableDescription,
} from "../../postgres/catalog/TableDescription.ts"
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

/** What PostgreSQL keeps with each partition: replica identity, cluster mark, statistics targets of indexed expressions. */
export function settingsOfPartition(source: TableDescription, partition: TableName): Sql[] {
  const nameOf = (index: string): string => partitionObjectName(partition, index)
  const clustered = source.indexes.filter((index) => index.isClustered)
  return [
    ...replicaIdentity(source, table(partition), nameOf),
    ...indexStatistics(source, partition.schema, nameOf),
    ...clustered.map((index) => sql`alter table ${table(partition)} cluster on ${ident(nameOf(index.name))}`),
  ]
}

/** Where a table of the run's lies, as the end of CREATE TABLE says it. */
export function tablespaceClause({ tablespace }: TableDescription): Sql {
  return tablespace === null ? sql`` : sql` tablespace ${ident(tablespace)}`
}

/** Extended statistics, by the names that they have until the swap. LIKE would make up names that nobody can foretell. */
export function statisticsStatements(
  source: TableDescription,
  on: Sql,
  nameOf: (statistics: string) => string,
  existing: readonly StatisticsDescription[] = [],
): Sql[] {
  return source.statistics.flatMap(({ schema, name, owner, body, target, comment }) => {
    const it = ident(schema, nameOf(name))
    const twin = existing.find((one) => one.body === body && one.schema === schema)
    return [
      twin === undefined
        ? sql`create statistics ${it}${raw(body)} from ${on}`
        : sql`alter statistics ${ident(schema, twin.name)} rename to ${ident(nameOf(name))}`,
      sql`alter statistics ${it} owner to ${ident(owner)}`,
      ...(target === null ? [] : [sql`alter statistics ${it} set statistics ${raw(String(target))}`]),
      ...commentStatement(sql`statistics ${it}`, comment),
    ]
  })
}

/** Statistics targets of expressions in indexes, which go by the column's number there. */
export function indexStatistics(source: TableDescription, schema: string, nameOf: (index: string) => string): Sql[] {
  return source.indexes.flatMap((index) =>
    index.statistics.map(
      ({ number, target }) =>
        sql`alter index ${ident(schema, nameOf(index.name))} alter column ${raw(String(number))} set statistics ${raw(String(target))}`,
    ),
  )
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
