import { readFile } from "node:fs/promises"
import { quoteIdentifier } from "../domain/identifier.ts"
import { CutoverError, nothingChanged } from "../errors/CutoverError.ts"
import type { Database } from "../postgres/Database.ts"
import { type Queryable, findOne, readOne } from "../postgres/Queryable.ts"
import { lockKey, takeTransactionLock } from "../postgres/advisoryLock.ts"
import { type Sql, raw, sql } from "../postgres/sql.ts"
import { withTransaction } from "../postgres/transaction.ts"
import { assertTrusted } from "./assertTrusted.ts"

/** The major version of the schema `cutover` that this program reads and writes. */
export const schemaMajor = 1

/**
 * Makes sure that the schema `cutover` is there and ours. Refuses one of another major version.
 * Whoever finds it there changes nothing.
 */
export async function ensureInstalled(database: Database): Promise<void> {
  await assertTrusted(database)
  if (await isInstalled(database)) return
  const statements = await installStatements()
  await withTransaction(database, async (tx) => {
    await takeTransactionLock(tx, lockKey("install", "cutover"))
    await assertTrusted(tx)
    if (await isInstalled(tx)) return
    for (const statement of statements) await tx.query(statement)
  })
}

/** The schema and all that is in it; the second holds many statements. */
export async function installStatements(): Promise<Sql[]> {
  const ddl = await readFile(new URL("./schema/001.sql", import.meta.url), "utf8")
  return [sql`create schema if not exists cutover`, raw(ddl)]
}

/** Whether our schema is there; throws when it is there and is not of our major version. */
export async function isInstalled(db: Queryable): Promise<boolean> {
  // Read from the catalog's tables: to_regclass may answer from a cache, and miss what another session just committed.
  const found = await readOne<{ relations: number; meta: boolean; readable: boolean; owner: string | null }>(
    db,
    sql`
    select count(*)::int as relations, coalesce(bool_or(c.relname = 'meta'), false) as meta,
           coalesce(bool_and(has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'SELECT'))
                      filter (where c.relname = 'meta'), false) as readable,
           min(pg_get_userbyid(n.nspowner)) as owner
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'cutover'`,
  )
  if (found.relations === 0) return false
  if (!found.meta)
    throw schemaVersion(
      `The database has a schema "cutover" with ${found.relations} relations that pg-cutover did not make.`,
    )
  if (!found.readable) throw unreadable(found.owner ?? "its owner")
  const meta = await findOne<{ major: number }>(db, sql`select major from cutover.meta`)
  if (meta?.major === schemaMajor) return true
  throw schemaVersion(
    `The schema "cutover" is of major version ${meta?.major ?? "none"}; this program works with ${schemaMajor}.`,
  )
}

function unreadable(owner: string): CutoverError {
  return new CutoverError("CUTOVER_PRIVILEGE", {
    message: `The schemas cutover and cutover_jobs belong to ${owner}, and this role may not read them.`,
    state: nothingChanged,
    hint: `Let it be granted: grant ${quoteIdentifier(owner)} to …; or connect as ${owner}.`,
  })
}

function schemaVersion(message: string): CutoverError {
  return new CutoverError("CUTOVER_SCHEMA_VERSION", {
    message,
    state: nothingChanged,
    hint: "Use the version of pg-cutover that made it, or finish its runs with that version and drop the schemas cutover and cutover_jobs.",
    details: { expected: schemaMajor },
  })
}
