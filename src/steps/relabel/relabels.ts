import { shortenIdentifier } from "../../domain/identifier.ts"
import type { IndexDescription, TableDescription } from "../../postgres/catalog/TableDescription.ts"
import type { Run } from "../../store/runs.ts"
import { boundsCheck } from "../partitionTable.ts"

/** Whether a run makes the table one partition of its history, and moves no row. */
export function relabels({ options }: { readonly options: Pick<Run["options"], "strategy"> }): boolean {
  return options.strategy === "relabel"
}

/** What an index of the source is called once the source is the history. */
export function historyObjectName(name: string): string {
  return shortenIdentifier(name, "_history")
}

/** The index that keeps what was the primary key unique within the history; a rollback makes it the primary key again. */
export function oldKeyName(primaryKey: string): string {
  return shortenIdentifier(primaryKey, "_history_unique")
}

/** The primary key, where it lacks the partition key and so has to be extended. */
export function extendedKey(source: TableDescription, keyColumn: string): IndexDescription | undefined {
  return source.indexes.find((index) => index.isPrimary && !index.columns.includes(keyColumn))
}

/** The description without what prep added to the table: the CHECK of its bounds and the indexes of its new key. */
export function withoutOurs(source: TableDescription): TableDescription {
  const ours = source.indexes
    .filter((index) => index.isPrimary)
    .flatMap(({ name }) => [historyObjectName(name), oldKeyName(name)])
  return {
    ...source,
    checks: source.checks.filter((check) => check.name !== boundsCheck),
    indexes: source.indexes.filter((index) => !ours.includes(index.name)),
  }
}
