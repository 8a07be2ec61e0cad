import type { TableName } from "../../../domain/tableName.ts"
import type { Queryable } from "../../../postgres/Queryable.ts"
import { type Sql, ident, raw, sql, table } from "../../../postgres/sql.ts"
import type { Run } from "../../../store/runs.ts"
import { addsToParent, commentOn, readings, unreadForeignKeys } from "../../swap/belongings/foreignKeys.ts"
import type { Reading } from "../../swap/Reading.ts"
import type { Belonging, Exchange } from "../../swap/exchange.ts"
import { placeOf, requirePlace } from "../place.ts"

/**
 * Foreign keys of the whole to other tables. ATTACH would read the table that comes, for it cannot have them before (see `foreignKeys`).
 * So the whole gives them up, and with it its partitions, and gets them again NOT VALID, which reads no row and holds for every new one;
 * `unreadWholeForeignKeys` are read afterwards. Before PostgreSQL 18 each partition gets its own, which the whole then adopts.
 */
export const wholeForeignKeys: Belonging = {
  read: async (db, exchange) => {
    const { whole, foreignKeys } = requirePlace(exchange.run)
    const isForEach = !(await addsToParent(db))
    const onto = foreignKeys.length === 0 ? [] : isForEach ? await leavesAfter(db, exchange) : [whole]
    return {
      take: foreignKeys.map((key) => sql`alter table ${table(whole)} drop constraint ${ident(key.name)}`),
      give: onto.flatMap((on) =>
        foreignKeys.flatMap((key) => [
          sql`alter table ${table(on)} add constraint ${ident(key.name)} ${raw(key.definition)} not valid`,
          ...(isForEach ? [] : commentOn(whole, key)),
        ]),
      ),
    }
  },
}

/** The partitions of the whole that hold rows, once the exchange is done. */
async function leavesAfter(db: Queryable, { run, table: name, partitions, isForward }: Exchange): Promise<TableName[]> {
  const { rows: others } = await db.query<TableName>(sql`
    select n.nspname as schema, c.relname as name
    from pg_partition_tree(${requirePlace(run).wholeOid}::oid) as tree
    join pg_class c on c.oid = tree.relid
    join pg_namespace n on n.oid = c.relnamespace
    where tree.isleaf
      and tree.relid <> ${run.sourceOid}
      and tree.relid not in (select relid from pg_partition_tree(${run.targetOid}::oid))
    order by c.oid`)
  return [...others, ...(isForward ? partitions : [name])]
}

/** The statements that a run on a quiet table will need; the plan shows them. */
export async function plannedWholeForeignKeys(db: Queryable, exchange: Exchange): Promise<Sql[]> {
  const { whole, foreignKeys } = requirePlace(exchange.run)
  const wanted = foreignKeys.filter((key) => key.isValidated)
  if (await addsToParent(db))
    return wanted.map((key) => sql`alter table ${table(whole)} validate constraint ${ident(key.name)}`)
  const leaves = wanted.length === 0 ? [] : await leavesAfter(db, exchange)
  const holders = leaves.flatMap((leaf) =>
    wanted.map((key) => ({ schema: leaf.schema, table: leaf.name, name: key.name })),
  )
  return readings(whole, holders, wanted).flat()
}

/** What came NOT VALID; those that were so before the run stay so. */
export async function unreadWholeForeignKeys(db: Queryable, run: Run): Promise<Reading[]> {
  const place = placeOf(run)
  if (place === undefined) return []
  return await unreadForeignKeys(db, { oid: place.wholeOid, name: place.whole, keys: place.foreignKeys })
}
