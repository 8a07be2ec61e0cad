import type { Queryable } from "../../postgres/Queryable.ts"
import { sql } from "../../postgres/sql.ts"
import type { IncomingKey } from "../../store/Blueprint.ts"

/** The foreign keys of other tables, partitions and this table itself left out. Definitions name the table as it is called now. */
export async function readIncomingKeys(db: Queryable, oid: number, keyColumn: string): Promise<IncomingKey[]> {
  const { rows } = await db.query<IncomingKey>(sql`
    select n.nspname as schema, c.relname as table, o.conname as name,
           regexp_replace(pg_get_constraintdef(o.oid), ' NOT VALID$', '') as definition,
           exists (select from pg_attribute a
                   where a.attrelid = o.confrelid and a.attnum = any (o.confkey) and a.attname = ${keyColumn}) as "holdsPartitionKey",
           o.convalidated as "isValidated", c.relkind = 'p' as "isOfPartitioned"
    from pg_constraint o
    join pg_class c on c.oid = o.conrelid
    join pg_namespace n on n.oid = c.relnamespace
    where o.contype = 'f' and o.confrelid = ${oid} and o.conrelid <> ${oid} and o.conparentid = 0
    order by o.oid`)
  return rows
}
