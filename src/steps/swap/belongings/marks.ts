import { type Sql, join, sql } from "../../../postgres/sql.ts"
import type { Belonging, Exchange } from "../exchange.ts"

/**
 * An expression of text that changes whenever the definition of the table in front is touched, or anything that the
 * belongings read: the transactions that last wrote the rows of the catalog. Cheap enough to be asked under the lock of the swap.
 */
export function markOf(exchange: Exchange, belongings: readonly Belonging[]): Sql {
  const oid = exchange.front.oid
  const marks = belongings.flatMap((belonging) => (belonging.mark === undefined ? [] : [belonging.mark(exchange)]))
  return sql`md5(concat_ws(' ', ${join([...definition(oid), ...marks.map((mark) => sql`(${mark})`)], ",\n")}))`
}

function definition(oid: number): Sql[] {
  return [
    sql`(select string_agg(concat_ws('/', c.oid, c.xmin, c.relname), ' ' order by c.oid)
       from pg_class c where c.oid = ${oid} or c.oid in (select i.indexrelid from pg_index i where i.indrelid = ${oid}))`,
    sql`(select string_agg(a.xmin::text, ' ' order by a.attnum) from pg_attribute a where a.attrelid = ${oid})`,
    sql`(select string_agg(i.xmin::text, ' ' order by i.indexrelid) from pg_index i where i.indrelid = ${oid})`,
    sql`(select string_agg(d.xmin::text, ' ' order by d.oid) from pg_attrdef d where d.adrelid = ${oid})`,
    sql`(select string_agg(concat_ws('/', o.oid, o.xmin), ' ' order by o.oid) from pg_constraint o where o.conrelid = ${oid})`,
    sql`(select string_agg(concat_ws('/', t.oid, t.xmin, t.tgenabled), ' ' order by t.oid) from pg_trigger t where t.tgrelid = ${oid})`,
  ]
}
