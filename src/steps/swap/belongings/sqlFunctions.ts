import type { Queryable } from "../../../postgres/Queryable.ts"
import { raw, sql } from "../../../postgres/sql.ts"
import type { Belonging } from "../exchange.ts"

/** Functions with a body in standard SQL (BEGIN ATOMIC) know the table by OID; others find it by its name. */
export const sqlFunctions: Belonging = {
  read: async (db, { front }) => ({
    take: [],
    give: (await readDefinitions(db, front.oid)).map((definition) => raw(definition)),
  }),
  mark: ({ front }) => sql`
    select string_agg(concat_ws('/', p.oid, p.xmin), ' ' order by p.oid)
    from pg_proc p
    where p.oid in (select d.objid from pg_depend d
                    where d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = ${front.oid})`,
}

async function readDefinitions(db: Queryable, oid: number): Promise<string[]> {
  const { rows } = await db.query<{ definition: string }>(sql`
    select pg_get_functiondef(p.oid) as definition
    from pg_proc p
    where p.prosqlbody is not null
      and p.oid in (select d.objid from pg_depend d
                    where d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = ${oid})
    order by p.oid`)
  return rows.map((row) => row.definition)
}
