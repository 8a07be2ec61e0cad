import { quoteIdentifier } from "../../domain/identifier.ts"
import type { IndexDescription, TableDescription } from "../../postgres/catalog/TableDescription.ts"
import type { Blueprint, PlannedIndex } from "../../store/Blueprint.ts"

/** What the target gets: the source's columns and indexes, its primary key extended by the partition key. */
export function makeBlueprint(source: TableDescription, keyColumn: string, choices: BlueprintChoices): Blueprint {
  return {
    source,
    columns: source.columns.filter((column) => column.generated === "").map((column) => column.name),
    indexes: source.indexes
      .filter((index) => choices.place === undefined || !isOldKey(source, index, keyColumn))
      .map((index) => planIndex(index, keyColumn, choices)),
    identity: identityOf(source),
    incomingKeys: choices.incomingKeys,
    viaRoot: choices.viaRoot,
    isAdopted: choices.isAdopted,
    adoptedPartitions: choices.adoptedPartitions,
    ...(choices.place === undefined ? {} : { place: choices.place }),
  }
}

export type BlueprintChoices = {
  /** Rows without a key exist, so that the key cannot be part of a primary key; a unique key stands in. */
  readonly keyMayBeNull: boolean
  readonly incomingKeys: Blueprint["incomingKeys"]
  readonly viaRoot: Blueprint["viaRoot"]
  readonly isAdopted: boolean
  readonly adoptedPartitions: readonly number[]
  /** Where the source stands, if it is a partition. */
  readonly place?: Blueprint["place"] | undefined
}

/**
 * Whether a partition has this index from when it was a table of its own: it keeps unique what was the primary key before the partition
 * key was added. Months cannot have it; it stays on the table that is parked.
 */
export function isOldKey(source: TableDescription, index: IndexDescription, keyColumn: string): boolean {
  const primary = source.indexes.find((one) => one.isPrimary)
  const old = primary?.columns.filter((name) => name !== keyColumn)
  const isAlike = JSON.stringify(index.columns) === JSON.stringify(old)
  return index.isUnique && !index.isPrimary && !index.isPartial && index.constraint === null && isAlike
}

/** The columns of the primary key, else of a unique index that holds every row and no null; null where there is none. */
export function identityOf(source: TableDescription): readonly string[] | null {
  const isNotNull = (name: string | null): name is string =>
    source.columns.some((one) => one.name === name && one.isNotNull)
  const usable = source.indexes.filter(
    (index) => index.isUnique && index.isValid && index.isImmediate && !index.isPartial,
  )
  const index = usable.find((one) => one.isPrimary) ?? usable.find((one) => one.columns.every(isNotNull))
  return index === undefined ? null : index.columns.filter(isNotNull)
}

function planIndex(index: IndexDescription, keyColumn: string, choices: BlueprintChoices): PlannedIndex {
  const { constraint } = index
  if (constraint === null)
    return {
      name: index.name,
      kind: "index",
      isUnique: index.isUnique,
      isExclusion: false,
      body: withTablespace(index),
    }
  const body = index.isPrimary
    ? primaryKeyBody(index, constraint.definition, keyColumn, choices)
    : constraint.definition
  return {
    name: constraint.name,
    kind: "constraint",
    isUnique: true,
    isExclusion: index.isExclusion,
    body: withStorage(index, body),
  }
}

/** `pg_get_indexdef` leaves the tablespace out; in CREATE INDEX it stands before the predicate. */
export function withTablespace({ tail, predicate, tablespace, name }: IndexDescription): string {
  if (tablespace === null) return tail
  if (!tail.endsWith(predicate)) throw new Error(`the definition of index ${name} does not end with its predicate`)
  return `${tail.slice(0, tail.length - predicate.length)} TABLESPACE ${quoteIdentifier(tablespace)}${predicate}`
}

/** `pg_get_constraintdef` leaves out storage options and tablespace; they stand before what is said of deferring. */
function withStorage({ options, tablespace, predicate }: IndexDescription, body: string): string {
  const storage = options.length === 0 ? "" : ` WITH (${options.join(", ")})`
  const place = tablespace === null ? "" : ` USING INDEX TABLESPACE ${quoteIdentifier(tablespace)}`
  const end = /(?: DEFERRABLE)?(?: INITIALLY DEFERRED)?$/.exec(body)?.[0] ?? ""
  const head = body.slice(0, body.length - end.length)
  if (predicate === "" || !head.endsWith(predicate)) return `${head}${storage}${place}${end}`
  return `${head.slice(0, head.length - predicate.length)}${storage}${place}${predicate}${end}`
}

/**
 * `PRIMARY KEY (id)` becomes `PRIMARY KEY (id, return_date)`: a key of a partitioned table must hold the
 * partition key (PostgreSQL manual, 5.12.2.3). What follows the columns stays: INCLUDE, DEFERRABLE.
 */
function primaryKeyBody(
  index: IndexDescription,
  definition: string,
  keyColumn: string,
  choices: BlueprintChoices,
): string {
  const head = `PRIMARY KEY (${index.keyList ?? ""})`
  if (!definition.startsWith(head)) throw new Error(`a primary key that reads ${definition} and not ${head} …`)
  const keyList = index.columns.includes(keyColumn) ? index.keyList : `${index.keyList}, ${quoteIdentifier(keyColumn)}`
  return `${choices.keyMayBeNull ? "UNIQUE" : "PRIMARY KEY"} (${keyList})${definition.slice(head.length)}`
}
