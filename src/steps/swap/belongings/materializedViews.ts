import type { Queryable } from "../../../postgres/Queryable.ts"
import { type Sql, ident, literal, raw, sql } from "../../../postgres/sql.ts"
import type { Reading } from "../Reading.ts"
import type { Belonging } from "../exchange.ts"
import { commentStatement } from "./comments.ts"
import { type Grant, grantStatement, readGrants } from "./grants.ts"
import { readsTable } from "./views.ts"

export type MaterializedView = {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly owner: string
  readonly definition: string
  readonly options: readonly string[]
  readonly tablespace: string | null
  readonly comment: string | null
  readonly columnComments: readonly { readonly name: string; readonly comment: string }[]
  readonly indexes: readonly { readonly name: string; readonly definition: string; readonly isClustered: boolean }[]
  /** What reads it in turn, and so stops its drop. */
  readonly readers: readonly string[]
}

/**
 * Materialized views cannot be replaced, so they are dropped and made again, empty; `emptyMaterializedViews` are filled
 * right after the swap, and until then reading one is an error (accepted by `--materialized-views recreate`).
 */
export const materializedViews: Belonging = {
  read: async (db, { front }) => {
    const views = await readMaterializedViews(db, front.oid)
    const give: Sql[] = []
    for (const view of views) give.push(...creationStatements(view, await readGrants(db, view.oid)))
    return { take: views.map((view) => sql`drop materialized view ${nameOf(view)} restrict`), give }
  },
}

/** REFRESH takes ACCESS EXCLUSIVE on the view, which nobody can read yet, and ACCESS SHARE on the table. */
export async function emptyMaterializedViews(db: Queryable, oid: number): Promise<Reading[]> {
  const { rows } = await db.query<Pick<MaterializedView, "schema" | "name">>(sql`
    select n.nspname as schema, v.relname as name
    from pg_class v
    join pg_namespace n on n.oid = v.relnamespace
    where v.relkind = 'm' and not v.relispopulated
      and v.oid in (select r.ev_class from pg_rewrite r where ${readsTable(oid)})
    order by v.oid`)
  return rows.map((view) => [refreshStatement(view)])
}

export function refreshStatement(view: Pick<MaterializedView, "schema" | "name">): Sql {
  return sql`refresh materialized view ${nameOf(view)}`
}

function creationStatements(view: MaterializedView, grants: readonly Grant[]): Sql[] {
  const { owner, definition, options, tablespace, comment, columnComments, indexes } = view
  const name = nameOf(view)
  return [
    sql`create materialized view ${name}${raw(options.length === 0 ? "" : ` with (${options.join(", ")})`)}${
      tablespace === null ? sql`` : sql` tablespace ${ident(tablespace)}`
    } as ${raw(definition)} with no data`,
    sql`alter materialized view ${name} owner to ${ident(owner)}`,
    ...indexes.map((index) => raw(index.definition)),
    ...indexes
      .filter((index) => index.isClustered)
      .map((index) => sql`alter materialized view ${name} cluster on ${ident(index.name)}`),
    ...(grants.length === 0 ? [] : [sql`revoke all on ${name} from ${ident(owner)}`]),
    ...grants.map((grant) => grantStatement(name, grant)),
    ...commentStatement(sql`materialized view ${name}`, comment),
    ...columnComments.map((one) => sql`comment on column ${name}.${ident(one.name)} is ${literal(one.comment)}`),
  ]
}

function nameOf({ schema, name }: Pick<MaterializedView, "schema" | "name">): Sql {
  return ident(schema, name)
}

export async function readMaterializedViews(db: Queryable, oid: number): Promise<MaterializedView[]> {
  const { rows } = await db.query<MaterializedView>(sql`
    select v.oid, n.nspname as schema, v.relname as name, pg_get_userbyid(v.relowner) as owner,
           rtrim(pg_get_viewdef(v.oid), ';') as definition, coalesce(v.reloptions, '{}') as options,
           (select s.spcname from pg_tablespace s where s.oid = v.reltablespace) as tablespace,
           obj_description(v.oid, 'pg_class') as comment,
           (select coalesce(json_agg(json_build_object('name', a.attname, 'comment', d.description) order by a.attnum), '[]')
            from pg_description d join pg_attribute a on a.attrelid = v.oid and a.attnum = d.objsubid
            where d.classoid = 'pg_class'::regclass and d.objoid = v.oid and d.objsubid > 0) as "columnComments",
           (select coalesce(json_agg(json_build_object('name', c.relname, 'definition', pg_get_indexdef(i.indexrelid),
                                                       'isClustered', i.indisclustered) order by i.indexrelid), '[]')
            from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = v.oid) as indexes,
           array(select pg_describe_object(d.classid, d.objid, 0)
                 from pg_depend d
                 where d.refclassid = 'pg_class'::regclass and d.refobjid = v.oid and d.deptype = 'n'
                   and not (d.classid = 'pg_rewrite'::regclass and d.objid in (select r.oid from pg_rewrite r where r.ev_class = v.oid))
                 group by d.classid, d.objid order by 1) as readers
    from pg_class v
    join pg_namespace n on n.oid = v.relnamespace
    where v.relkind = 'm' and v.oid in (select r.ev_class from pg_rewrite r where ${readsTable(oid)})
    order by v.oid`)
  return rows
}
