import type { Queryable } from "../../../postgres/Queryable.ts"
import type { ForeignKeyDescription } from "../../../postgres/catalog/TableDescription.ts"
import { type Sql, ident, raw, sql, table } from "../../../postgres/sql.ts"
import type { TableName } from "../../../domain/tableName.ts"
import type { Run } from "../../../store/runs.ts"
import { hasVersion } from "../../hasVersion.ts"
import type { Reading } from "../Reading.ts"
import type { Belonging } from "../exchange.ts"
import { requireBlueprint } from "../../requireBlueprint.ts"
import { commentStatement } from "./comments.ts"

/**
 * Foreign keys of the table, to others and to itself. Only the table in front has them: on the other they would make an
 * application fail that deletes a row and then the row it points to, for the other table still holds the first.
 *
 * They come NOT VALID, which keeps every row from now on and reads none; `unreadForeignKeys` are read afterwards.
 * Adding one takes SHARE ROW EXCLUSIVE on the table it points to, dropping one ACCESS EXCLUSIVE, both until the commit.
 */
export const foreignKeys: Belonging = {
  read: async (db, { run, table: name, front, back, partitions, isForward }) => {
    const onFront = await readHolders(db, front.oid)
    const isForEach = isForward && !(await addsToParent(db))
    const onto = isForEach ? partitions : [name]
    const present = new Set((await readHolders(db, back.oid)).map((one) => `${one.schema}.${one.table}.${one.name}`))
    return {
      take: onFront.map((one) => sql`alter table ${ident(one.schema, one.table)} drop constraint ${ident(one.name)}`),
      give: onto.flatMap((on) =>
        (isForward ? keptKeys(run) : requireBlueprint(run).source.foreignKeys)
          .filter((key) => !present.has(`${on.schema}.${on.name}.${key.name}`))
          .flatMap((key) => [
            sql`alter table ${table(on)} add constraint ${ident(key.name)} ${raw(key.definition)} not valid`,
            ...(isForEach ? [] : commentOn(name, key)),
          ]),
      ),
    }
  },
}

/** A key to the table itself can stay where the columns it points to hold the partition key, like those of other tables. */
function keptKeys(run: Run): ForeignKeyDescription[] {
  return requireBlueprint(run).source.foreignKeys.filter((key) => !isLost(key, run.key.column))
}

/** Whether no unique key of a partitioned table could stand behind it. */
export function isLost({ isSelf, refersTo }: ForeignKeyDescription, keyColumn: string): boolean {
  return isSelf && !refersTo.includes(keyColumn)
}

/**
 * The keys whose rows were there before them; those that were NOT VALID before the run stay so. VALIDATE takes
 * SHARE UPDATE EXCLUSIVE on the table and ROW SHARE on the one it points to: nobody waits. Before PostgreSQL 18
 * partitions have keys of their own, which the partitioned table adopts, when all are read, without reading them again.
 */
export async function unreadForeignKeys(
  db: Queryable,
  {
    oid,
    name,
    keys,
  }: { readonly oid: number; readonly name: TableName; readonly keys: readonly ForeignKeyDescription[] },
): Promise<Reading[]> {
  const wanted = keys.filter((key) => key.isValidated)
  if (wanted.length === 0) return []
  const holders = (await readHolders(db, oid)).filter((one) => wanted.some((key) => key.name === one.name))
  const onParent = new Set(holders.filter((one) => one.oid === oid).map((one) => one.name))
  const toAdopt = wanted.filter((key) => !onParent.has(key.name) && holders.some((one) => one.name === key.name))
  return readings(
    name,
    holders.filter((one) => !one.isValidated),
    toAdopt,
  )
}

/** The statements that a run on a quiet table will need; the plan shows them. */
export function plannedValidation(run: Run, partitions: readonly TableName[], isForEach: boolean): Sql[] {
  const keys = keptKeys(run).filter((key) => key.isValidated)
  const holders = (isForEach ? partitions : [run.table]).flatMap(({ schema, name: on }) =>
    keys.map(({ name }) => ({ schema, table: on, name })),
  )
  return readings(run.table, holders, isForEach ? keys : []).flat()
}

/** Each key by itself, and then what the table adopts of its partitions. */
export function readings(
  name: TableName,
  toRead: readonly Pick<Holder, "schema" | "table" | "name">[],
  toAdopt: readonly ForeignKeyDescription[],
): Reading[] {
  return [
    ...toRead.map((one) => [sql`alter table ${ident(one.schema, one.table)} validate constraint ${ident(one.name)}`]),
    ...toAdopt.map((key) => [
      sql`alter table ${table(name)} add constraint ${ident(key.name)} ${raw(key.definition)}`,
      ...commentOn(name, key),
    ]),
  ]
}

export function commentOn(name: TableName, { name: key, comment }: ForeignKeyDescription): Sql[] {
  return commentStatement(sql`constraint ${ident(key)} on ${table(name)}`, comment)
}

type Holder = {
  readonly oid: number
  readonly schema: string
  readonly table: string
  readonly name: string
  readonly isValidated: boolean
}

/** The foreign keys of a table and all its partitions, without those that a partition has from the table. */
async function readHolders(db: Queryable, oid: number): Promise<Holder[]> {
  const { rows } = await db.query<Holder>(sql`
    select c.oid, n.nspname as schema, c.relname as table, o.conname as name, o.convalidated as "isValidated"
    from pg_constraint o
    join pg_class c on c.oid = o.conrelid
    join pg_namespace n on n.oid = c.relnamespace
    where o.contype = 'f'
      and o.conparentid = 0
      and (o.conrelid = ${oid} or o.conrelid in (select relid from pg_partition_tree(${oid}::oid)))
    order by c.oid, o.conname`)
  return rows
}

/** NOT VALID foreign keys of partitioned tables came with PostgreSQL 18. */
export async function addsToParent(db: Queryable): Promise<boolean> {
  return await hasVersion(db, 18)
}
