import { createHash } from "node:crypto"
import { isDeepStrictEqual } from "node:util"
import type { TableDescription } from "../../postgres/catalog/TableDescription.ts"

/** A hash of a table's definition; two are equal exactly when the definitions are, sizes left aside. */
export function fingerprintOf(description: TableDescription): string {
  const { indexes, ...rest } = description
  const facts = { ...rest, indexes: indexes.map(({ bytes: _, ...index }) => index) }
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex")
}

/** The parts of the definition that differ, in words a person knows; empty when nothing does. */
export function differences(before: TableDescription, now: TableDescription): string[] {
  const parts: [string, unknown, unknown][] = [
    ["name", [before.schema, before.name], [now.schema, now.name]],
    ["its being a partition", before.isPartition, now.isPartition],
    ["owner", before.owner, now.owner],
    ["storage options", before.options, now.options],
    ["row security", [before.rowSecurity, before.forcesRowSecurity], [now.rowSecurity, now.forcesRowSecurity]],
    ["replica identity", [before.replicaIdentity, before.replicaIndex], [now.replicaIdentity, now.replicaIndex]],
    ["persistence", before.persistence, now.persistence],
    ["tablespace", before.tablespace, now.tablespace],
    ["access method", before.accessMethod, now.accessMethod],
    ["comment", before.comment, now.comment],
    ...named("column", before.columns, now.columns),
    ...named("index", before.indexes.map(withoutSize), now.indexes.map(withoutSize)),
    ...named("check", before.checks, now.checks),
    ...named("foreign key", before.foreignKeys, now.foreignKeys),
    ...named("statistics", before.statistics, now.statistics),
    ...named("sequence", before.sequences, now.sequences),
  ]
  return parts
    .filter(([, was, is]) => !isDeepStrictEqual(was, is))
    .map(([what, was, is]) => `${what}: ${was === undefined ? "new" : is === undefined ? "gone" : "changed"}`)
}

function named(
  word: string,
  before: readonly { readonly name: string }[],
  now: readonly { readonly name: string }[],
): [string, unknown, unknown][] {
  const names = new Set([...before, ...now].map((part) => part.name))
  return [...names].map((name) => [
    `${word} ${name}`,
    before.find((part) => part.name === name),
    now.find((part) => part.name === name),
  ])
}

function withoutSize<T extends { readonly bytes: number; readonly name: string }>({
  bytes: _,
  ...rest
}: T): Omit<T, "bytes"> & { name: string } {
  return rest
}
