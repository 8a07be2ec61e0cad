import { type Queryable, readOne } from "../../../postgres/Queryable.ts"
import { ident, raw, sql, table } from "../../../postgres/sql.ts"
import type { TableName } from "../../../domain/tableName.ts"
import { readTargetPartitions } from "../../targetPartitions.ts"
import type { Belonging } from "../exchange.ts"
import { requireBlueprint } from "../../requireBlueprint.ts"

/**
 * Foreign keys of the table, to others. Only the table in front has them: on the other they would make an application
 * fail that deletes a row and then the row it points to, for the other table still holds the first.
 *
 * They come NOT VALID, which keeps every row from now on and reads none; `validateForeignKeys` reads them afterwards.
 * Adding one takes SHARE ROW EXCLUSIVE on the table it points to, dropping one ACCESS EXCLUSIVE, both until the commit.
 */
export const foreignKeys: Belonging = {
  read: async (db, { run, table: name, front, back, isForward }) => {
    const onFront = await readHolders(db, front.oid)
    const wanted = requireBlueprint(run).source.foreignKeys
    const onto = isForward && !(await addsToParent(db)) ? await partitionsOf(db, back.oid) : [name]
    const present = new Set((await readHolders(db, back.oid)).map((one) => `${one.schema}.${one.table}.${one.name}`))
    return {
      take: onFront.map((one) => sql`alter table ${ident(one.schema, one.table)} drop constraint ${ident(one.name)}`),
      give: onto.flatMap((on) =>
        wanted
          .filter((key) => !present.has(`${on.schema}.${on.name}.${key.name}`))
          .map(
            (key) => sql`alter table ${table(on)} add constraint ${ident(key.name)} ${raw(key.definition)} not valid`,
          ),
      ),
    }
  },
}

/**
 * Reads the rows that were there when the keys came. VALIDATE takes SHARE UPDATE EXCLUSIVE on the table and ROW SHARE on
 * the one it points to: nobody waits. Before PostgreSQL 18 partitions have keys of their own, which the
 * partitioned table then adopts without reading them again.
 */
export async function validateForeignKeys(tx: Queryable, name: TableName, oid: number): Promise<void> {
  const holders = await readHolders(tx, oid)
  if (holders.length === 0) return
  await tx.query(sql`select set_config('statement_timeout', '0', true)`)
  for (const one of holders.filter((holder) => !holder.isValidated)) {
    await tx.query(sql`alter table ${ident(one.schema, one.table)} validate constraint ${ident(one.name)}`)
  }
  const onParent = new Set(holders.filter((one) => one.oid === oid).map((one) => one.name))
  const adopted = new Map(holders.filter((one) => !onParent.has(one.name)).map((one) => [one.name, one.definition]))
  for (const [key, definition] of adopted) {
    await tx.query(sql`alter table ${table(name)} add constraint ${ident(key)} ${raw(definition)}`)
  }
}

type Holder = {
  readonly oid: number
  readonly schema: string
  readonly table: string
  readonly name: string
  readonly definition: string
  readonly isValidated: boolean
}

/** The foreign keys of a table and its partitions, without those that a partition has from the table. */
async function readHolders(db: Queryable, oid: number): Promise<Holder[]> {
  const { rows } = await db.query<Holder>(sql`
    select c.oid, n.nspname as schema, c.relname as table, o.conname as name,
           regexp_replace(pg_get_constraintdef(o.oid), ' NOT VALID$', '') as definition, o.convalidated as "isValidated"
    from pg_constraint o
    join pg_class c on c.oid = o.conrelid
    join pg_namespace n on n.oid = c.relnamespace
    where o.contype = 'f'
      and o.conparentid = 0
      and (o.conrelid = ${oid} or o.conrelid in (select inhrelid from pg_inherits where inhparent = ${oid}))
    order by c.oid, o.conname`)
  return rows
}

async function partitionsOf(db: Queryable, oid: number): Promise<TableName[]> {
  return await readTargetPartitions(db, { targetOid: oid })
}

/** NOT VALID foreign keys of partitioned tables came with PostgreSQL 18. */
async function addsToParent(db: Queryable): Promise<boolean> {
  const { version } = await readOne<{ version: number }>(
    db,
    sql`select current_setting('server_version_num')::int as version`,
  )
  return version >= 180_000
}
