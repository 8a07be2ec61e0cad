import { quoteIdentifier } from "../../domain/identifier.ts"
import type { TableName } from "../../domain/tableName.ts"
import { type Queryable, findOne } from "../../postgres/Queryable.ts"
import type { TableDescription } from "../../postgres/catalog/TableDescription.ts"
import { describeTable } from "../../postgres/catalog/describeTable.ts"
import { type Sql, ident, raw, sql, table } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import { withTablespace } from "../prep/blueprint.ts"
import { sortMemoryMb } from "../copy/buildIndex.ts"
import { sourceGone } from "../source/assertUnchanged.ts"
import { extendedKey, historyObjectName, oldKeyName } from "./relabels.ts"

/** A unique index that the swap needs to find built: under the lock there is no time for it. */
export type KeyIndex = { readonly name: string; readonly body: Sql }

/** The one that becomes the extended primary key, and the one that keeps the old key unique; none where no key is extended. */
export function keyIndexes(source: TableDescription, keyColumn: string): readonly KeyIndex[] {
  const key = extendedKey(source, keyColumn)
  if (key === undefined) return []
  const columns = `(${key.keyList ?? ""})`
  const tail = withTablespace(key)
  if (!tail.includes(columns)) throw new Error(`a primary key whose index reads ${tail} and not … ${columns} …`)
  const extended = tail.replace(columns, () => `(${key.keyList ?? ""}, ${quoteIdentifier(keyColumn)})`)
  return [
    { name: historyObjectName(key.name), body: raw(extended) },
    { name: oldKeyName(key.name), body: raw(tail) },
  ]
}

/** Builds them, CONCURRENTLY and so outside any transaction. Idempotent; an invalid leftover of a build that was cut off goes first. */
export async function ensureKeyIndexes(session: Queryable, run: Run): Promise<readonly string[]> {
  const source = await describeTable(session, run.sourceOid)
  if (source === undefined) throw sourceGone(run)
  // The session is the run's alone, and ends with the builds.
  await session.query(sql`select set_config('maintenance_work_mem', ${`${sortMemoryMb}MB`}, false)`)
  const made: string[] = []
  for (const index of keyIndexes(source, run.key.column)) {
    if ((await findKeyIndex(session, run, index.name))?.isValid === true) continue
    for (const statement of keyIndexStatements(run.table, index)) await session.query(statement)
    if ((await findKeyIndex(session, run, index.name))?.isValid !== true)
      throw new Error(`index ${index.name} was built and is not valid`)
    made.push(index.name)
  }
  return made
}

/** Both take SHARE UPDATE EXCLUSIVE: readers and writers go on. */
export function keyIndexStatements(on: TableName, { name, body }: KeyIndex): Sql[] {
  return [
    sql`drop index concurrently if exists ${ident(on.schema, name)}`,
    sql`create unique index concurrently ${ident(name)} on ${table(on)}${body}`,
  ]
}

/** An index of the source by its name; another table's is not ours. */
export async function findKeyIndex(
  db: Queryable,
  run: Pick<Run, "sourceOid">,
  name: string,
): Promise<{ isValid: boolean } | undefined> {
  return await findOne<{ isValid: boolean }>(
    db,
    sql`
    select i.indisvalid and i.indisready as "isValid"
    from pg_index i
    join pg_class ic on ic.oid = i.indexrelid
    where i.indrelid = ${run.sourceOid} and ic.relname = ${name}`,
  )
}
