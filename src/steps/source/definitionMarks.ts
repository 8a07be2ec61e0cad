import { type Sql, sql } from "../../postgres/sql.ts"

/**
 * Expressions of text that change whenever the table, a column, an index, a constraint, a default or a trigger of it is touched:
 * the transactions that last wrote their rows of the catalog. Cheap, where a description of the whole is not.
 */
export function definitionMarks(oid: number): Sql[] {
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
