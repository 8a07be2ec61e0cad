import { legacyName } from "../../domain/derivedNames.ts"
import type { TableName } from "../../domain/tableName.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, sql, table } from "../../postgres/sql.ts"
import { countKeys, reverseLogOf, unheldOf } from "../../store/changeLog.ts"
import type { Run } from "../../store/runs.ts"
import { logColumns, sameKey } from "./logColumns.ts"
import { assertNotTruncated } from "../source/assertSameHeap.ts"
import {
  byIndex,
  chooseSome,
  deleteTakenStatement,
  insertTakenStatement,
  planFor,
  takeStatement,
  takenKeys,
  takenKeysStatement,
} from "./takenKeys.ts"

/**
 * The way back: makes the legacy table equal to the new one for keys in the reverse change log, at most `limit` of its
 * entries. Its own keys may be stricter (`id`, where the new table has `id` and the partition key): a row that it cannot
 * hold is noted, and tried again with every round, until the row that is in its way has gone. Returns how many keys they held.
 */
export async function replayBack(tx: Queryable, run: Run, limit: number): Promise<number> {
  const log = reverseLogOf(run)
  await tx.query(takenKeysStatement(run))
  const { rowCount: keys } = await tx.query(takeStatement(run, log, chooseSome(log, sql`true`, limit)))
  if (keys === 0) return 0
  await tx.query(takeUnheldStatement(run))
  await planFor(tx, run, keys)
  for (const statement of replayBackStatements(run)) await tx.query(statement)
  await tx.query(byIndex("on"))
  await tx.query(sql`delete from ${takenKeys(run)}`)
  await assertNotTruncated(tx, run)
  return keys
}

/** How many rows of the new table the legacy table cannot hold, as far as the log was replayed. */
export async function countUnheld(db: Queryable, run: Run): Promise<number> {
  return await countKeys(db, unheldOf(run), 1_000_000)
}

/** Some of them, by their keys. */
export async function readUnheld(db: Queryable, run: Run, limit: number): Promise<Record<string, string>[]> {
  const keys = logColumns(run).map(({ name, of }) => sql`${of}::text, ${ident(name)}::text`)
  const { rows } = await db.query<{ key: Record<string, string> }>(
    sql`select json_build_object(${join(keys)}) as key from ${table(unheldOf(run))} limit ${limit}`,
  )
  return rows.map((row) => row.key)
}

/** What the legacy table has for the keys taken becomes what the new table has. */
function replayBackStatements(run: Run): Sql[] {
  const legacy = legacyName(run.table)
  return [
    deleteTakenStatement(run, legacy),
    insertTakenStatement(run, table(run.table), legacy, sql` on conflict do nothing`),
    noteUnheldStatement(run, takenKeys(run), legacy),
  ]
}

function takeUnheldStatement(run: Run): Sql {
  const names = join(logColumns(run).map((column) => ident(column.name)))
  return sql`
    with gone as (delete from ${table(unheldOf(run))} returning ${names})
    insert into ${takenKeys(run)} (${names}) select ${names} from gone except select ${names} from ${takenKeys(run)}`
}

/** Of the keys in `keys`, those whose row the new table has and the legacy table has not. */
function noteUnheldStatement(run: Run, keys: Sql, legacy: TableName): Sql {
  const names = join(logColumns(run).map((column) => ident(column.name)))
  const isIn = (name: TableName): Sql =>
    sql`exists (select from ${table(name)} as cutover_row where ${sameKey(run, "cutover_row", "cutover_taken")})`
  return sql`
    insert into ${table(unheldOf(run))} (${names})
    select ${names} from ${keys} as cutover_taken where ${isIn(run.table)} and not ${isIn(legacy)}`
}
