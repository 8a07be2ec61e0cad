import type { TableName } from "../domain/tableName.ts"
import { type Queryable, readOne } from "../postgres/Queryable.ts"
import { sql, table } from "../postgres/sql.ts"

/** The change log of a run: keys of rows that were written since it began, in no order, some of them many times. */
export function changeLogOf(run: { readonly id: string }): TableName {
  return { schema: "cutover", name: `changes_${run.id.toLowerCase()}` }
}

/** How many keys wait in the log, counted up to `limit`. */
export async function countChanges(db: Queryable, run: { readonly id: string }, limit: number): Promise<number> {
  const { n } = await readOne<{ n: number }>(
    db,
    sql`
    select count(*)::int as n from (select from ${table(changeLogOf(run))} limit ${limit}) as pending`,
  )
  return n
}

/** The same where there may be no log: none was made yet, it was dropped, or writes are refused. */
export async function countChangesIfAny(db: Queryable, run: { readonly id: string }, limit: number): Promise<number> {
  const log = changeLogOf(run)
  const { there } = await readOne<{ there: boolean }>(
    db,
    sql`
    select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                   where n.nspname = ${log.schema} and c.relname = ${log.name}) as there`,
  )
  return there ? await countChanges(db, run, limit) : 0
}
