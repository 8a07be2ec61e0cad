import type { Queryable } from "../../../postgres/Queryable.ts"
import { type Sql, ident, raw, sql } from "../../../postgres/sql.ts"
import type { Belonging } from "../exchange.ts"

type View = { readonly schema: string; readonly name: string; readonly definition: string; readonly options: string[] }

/**
 * Views that read the table keep reading it by OID. Replaced by their own text, which names it, they read the one that has
 * the name now; their OID stays, and with it their grants, comments, triggers and the views that read them.
 * Takes ACCESS EXCLUSIVE on each view.
 */
export const views: Belonging = {
  read: async (db, { front }) => ({
    take: [],
    give: (await readViews(db, front.oid)).map(
      ({ schema, name, definition, options }) =>
        sql`create or replace view ${ident(schema, name)}${raw(options.length === 0 ? "" : ` with (${options.join(", ")})`)} as ${raw(definition)}`,
    ),
  }),
  mark: ({ front }) => sql`
    select string_agg(concat_ws('/', r.oid, r.xmin, v.xmin), ' ' order by r.oid)
    from pg_rewrite r
    join pg_class v on v.oid = r.ev_class
    where ${readsTable(front.oid)}`,
}

/** A condition on `pg_rewrite r`: its query reads the table. */
export function readsTable(oid: number): Sql {
  return sql`r.oid in (
    select d.objid from pg_depend d
    where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = ${oid}
  ) and r.ev_class <> ${oid}`
}

async function readViews(db: Queryable, oid: number): Promise<View[]> {
  const { rows } = await db.query<View>(sql`
    select n.nspname as schema, v.relname as name, rtrim(pg_get_viewdef(v.oid), ';') as definition,
           coalesce(v.reloptions, '{}') as options
    from pg_rewrite r
    join pg_class v on v.oid = r.ev_class and v.relkind = 'v' and r.rulename = '_RETURN'
    join pg_namespace n on n.oid = v.relnamespace
    where ${readsTable(oid)}
    order by v.oid`)
  return rows
}
