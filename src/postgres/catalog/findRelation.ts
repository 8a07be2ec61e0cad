import type { TableName } from "../../domain/tableName.ts"
import { type Queryable, findOne } from "../Queryable.ts"
import { sql } from "../sql.ts"

export type Relation = { readonly oid: number; readonly kind: string; readonly persistence: string }

/** The relation of that name, of whatever kind. */
export async function findRelation(db: Queryable, name: TableName): Promise<Relation | undefined> {
  return await findOne<Relation>(
    db,
    sql`
    select c.oid, c.relkind as kind, c.relpersistence as persistence
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${name.schema} and c.relname = ${name.name}`,
  )
}

/** What the relation is called now; undefined when it is gone. */
export async function findNameOf(db: Queryable, oid: number): Promise<TableName | undefined> {
  return await findOne<TableName>(
    db,
    sql`
    select n.nspname as schema, c.relname as name
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where c.oid = ${oid}`,
  )
}

/** The names of relations in a schema that are taken, out of those asked for. */
export async function findTakenNames(db: Queryable, schema: string, names: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(sql`
    select c.relname as name
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = ${schema} and c.relname = any (${names})
    order by c.relname`)
  return rows.map((row) => row.name)
}
