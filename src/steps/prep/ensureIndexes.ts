import { shortenIdentifier } from "../../domain/identifier.ts"
import { type Queryable, findOne } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, sql, table } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import { ensureKeyIndexes } from "../relabel/keyIndexes.ts"
import { relabels } from "../relabel/relabels.ts"

/**
 * Builds the indexes that were asked for on the live table, CONCURRENTLY, and so outside any transaction: it asks the
 * catalog, acts, and asks again. An invalid leftover of a build that was cut off is dropped first. Idempotent.
 */
export async function ensureIndexes(session: Queryable, run: Run): Promise<readonly string[]> {
  const made: string[] = []
  for (const columns of run.options.ensureIndexes) {
    if ((await findIndex(session, run, columns))?.isValid === true) continue
    const name = indexName(run, columns)
    for (const statement of indexStatements(run, columns)) await session.query(statement)
    if ((await findIndex(session, run, columns))?.isValid !== true)
      throw new Error(`index ${name} was built and is not valid`)
    made.push(name)
  }
  if (relabels(run) && run.options.isOptedIn) made.push(...(await ensureKeyIndexes(session, run)))
  return made
}

/** Both take SHARE UPDATE EXCLUSIVE: readers and writers go on. */
export function indexStatements(run: Run, columns: readonly string[]): Sql[] {
  const name = indexName(run, columns)
  return [
    sql`drop index concurrently if exists ${ident(run.table.schema, name)}`,
    sql`create index concurrently ${ident(name)} on ${table(run.table)} (${join(columns.map((column) => ident(column)))})`,
  ]
}

function indexName(run: Run, columns: readonly string[]): string {
  return shortenIdentifier(`${run.table.name}_${columns.join("_")}`, "_idx")
}

/** A plain btree index that begins with these columns; a valid one before an invalid one. */
async function findIndex(
  db: Queryable,
  run: Run,
  columns: readonly string[],
): Promise<{ isValid: boolean } | undefined> {
  return await findOne<{ isValid: boolean }>(
    db,
    sql`
    select i.indisvalid as "isValid"
    from pg_index i
    join pg_class ic on ic.oid = i.indexrelid
    join pg_am am on am.oid = ic.relam and am.amname = 'btree'
    where i.indrelid = ${run.sourceOid}
      and i.indpred is null
      and (select array_agg(a.attname::text order by k.n)
           from unnest(i.indkey::int[]) with ordinality as k (attnum, n)
           join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
           where k.n <= least(i.indnkeyatts, ${columns.length}::int)) = ${columns}::text[]
    order by i.indisvalid desc
    limit 1`,
  )
}
