import type { TableName } from "../domain/tableName.ts"
import { type Queryable, readOne } from "../postgres/Queryable.ts"
import { sqlState } from "../postgres/classify.ts"
import { sql, table } from "../postgres/sql.ts"

type Owner = { readonly id: string }

/** The change log of a run: keys of rows that were written since it began, in no order, some of them many times. */
export function changeLogOf(run: Owner): TableName {
  return { schema: "cutover", name: `changes_${run.id.toLowerCase()}` }
}

/** The reverse change log: keys of rows that were written to the new table since the swap. */
export function reverseLogOf(run: Owner): TableName {
  return { schema: "cutover", name: `reverse_${run.id.toLowerCase()}` }
}

/** Keys of rows of the new table that the legacy table cannot hold, because its own keys are stricter. */
export function unheldOf(run: Owner): TableName {
  return { schema: "cutover", name: `unheld_${run.id.toLowerCase()}` }
}

/** As a limit: all of them. A log that is counted in part looks as if it did not shrink. */
export const allKeys = 2 ** 31 - 1

/** How many keys wait in a log, counted up to `limit`. */
export async function countKeys(db: Queryable, log: TableName, limit: number): Promise<number> {
  const { n } = await readOne<{ n: number }>(
    db,
    sql`select count(*)::int as n from (select from ${table(log)} limit ${limit}) as pending`,
  )
  return n
}

/** So often the lock of whoever drops the log is waited for, each time as long as the session waits for any: some ten seconds. */
const mostLooks = 12

/**
 * The same where there may be no log: none was made yet, it is dropped just now, or writes are refused. Outside of transactions,
 * for it asks again after an error.
 */
export async function countKeysIfAny(db: Queryable, log: TableName, limit: number): Promise<number> {
  for (let look = 1; await hasLog(db, log); look++) {
    try {
      return await countKeys(db, log, limit)
    } catch (error) {
      if (sqlState(error) === "42P01") return 0 // undefined_table: it went in between
      if (sqlState(error) !== "55P03" || look === mostLooks) throw error // lock_not_available: it is being dropped
    }
  }
  return 0
}

export async function hasLog(db: Queryable, log: TableName): Promise<boolean> {
  const { there } = await readOne<{ there: boolean }>(
    db,
    sql`
    select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                   where n.nspname = ${log.schema} and c.relname = ${log.name}) as there`,
  )
  return there
}
