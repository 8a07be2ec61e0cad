import type { TableName } from "../../../domain/tableName.ts"
import type { Queryable } from "../../../postgres/Queryable.ts"
import type { ForeignKeyDescription } from "../../../postgres/catalog/TableDescription.ts"
import { type Sql, ident, raw, sql, table } from "../../../postgres/sql.ts"
import type { Place } from "../../../store/Blueprint.ts"
import type { Run } from "../../../store/runs.ts"
import { commentStatement } from "../../swap/belongings/comments.ts"
import { addsToParent } from "../../swap/belongings/foreignKeys.ts"
import type { Belonging, Exchange } from "../../swap/exchange.ts"
import { placeOf, requirePlace } from "../place.ts"

/**
 * Foreign keys of the whole to other tables. ATTACH would read the table that comes, for it cannot have them before (see `foreignKeys`).
 * So the whole gives them up, and with it its partitions, and gets them again NOT VALID, which reads no row and holds for every new one;
 * `validateWholeForeignKeys` reads them afterwards. Before PostgreSQL 18 each partition gets its own, which the whole then adopts.
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
  const holders = leaves.flatMap((leaf) => wanted.map((key) => ({ ...leaf, key: key.name })))
  return adoption(whole, holders, wanted)
}

/** Reads what came NOT VALID; those that were so before the run stay so. Weak locks, so that nobody waits. */
export async function validateWholeForeignKeys(tx: Queryable, run: Run): Promise<void> {
  const place = placeOf(run)
  if (place === undefined || place.foreignKeys.length === 0) return
  const wanted = place.foreignKeys.filter((key) => key.isValidated)
  const statements = (await addsToParent(tx))
    ? wanted.map((key) => sql`alter table ${table(place.whole)} validate constraint ${ident(key.name)}`)
    : await adoptionStatements(tx, place, wanted)
  for (const statement of statements) await tx.query(statement)
}

async function adoptionStatements(
  tx: Queryable,
  { whole, wholeOid }: Place,
  wanted: readonly ForeignKeyDescription[],
): Promise<Sql[]> {
  const { rows: holders } = await tx.query<TableName & { oid: number; key: string }>(sql`
    select c.oid, n.nspname as schema, c.relname as name, o.conname as key
    from pg_partition_tree(${wholeOid}::oid) as tree
    join pg_class c on c.oid = tree.relid
    join pg_namespace n on n.oid = c.relnamespace
    join pg_constraint o on o.conrelid = tree.relid and o.contype = 'f' and o.conparentid = 0
    where o.conname = any (${wanted.map((key) => key.name)}::name[])
    order by c.oid, o.conname`)
  const toAdopt = wanted.filter((key) => !holders.some((one) => one.oid === wholeOid && one.key === key.name))
  return adoption(whole, holders, toAdopt)
}

/** What each partition holds is read, and the whole adopts it without reading it again. */
function adoption(
  whole: TableName,
  holders: readonly (TableName & { readonly key: string })[],
  toAdopt: readonly ForeignKeyDescription[],
): Sql[] {
  return [
    ...holders
      .filter((one) => toAdopt.some((key) => key.name === one.key))
      .map((one) => sql`alter table ${table(one)} validate constraint ${ident(one.key)}`),
    ...toAdopt.flatMap((key) => [
      sql`alter table ${table(whole)} add constraint ${ident(key.name)} ${raw(key.definition)}`,
      ...commentOn(whole, key),
    ]),
  ]
}

function commentOn(whole: TableName, { name, comment }: ForeignKeyDescription): Sql[] {
  return commentStatement(sql`constraint ${ident(name)} on ${table(whole)}`, comment)
}
