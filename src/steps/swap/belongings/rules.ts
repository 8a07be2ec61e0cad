import type { Queryable } from "../../../postgres/Queryable.ts"
import { type Sql, ident, raw, sql, table } from "../../../postgres/sql.ts"
import type { Belonging } from "../exchange.ts"
import { commentStatement } from "./comments.ts"
import { readsTable } from "./views.ts"

type Rule = {
  readonly schema: string
  readonly table: string
  readonly name: string
  readonly definition: string
  /** `pg_rewrite.ev_enabled`: O origin, D disabled, R replica, A always. */
  readonly enabled: string
  readonly comment: string | null
  readonly isOwn: boolean
}

/** Rules of the table, and rules of others whose actions name it. */
export const rules: Belonging = {
  read: async (db, { table: name, front }) => {
    const found = await readRules(db, front.oid)
    return {
      take: found.filter((rule) => rule.isOwn).map((rule) => sql`drop rule ${ident(rule.name)} on ${table(name)}`),
      give: found.flatMap((rule) => [
        raw(rule.definition.replace(/^CREATE RULE/, "create or replace rule").replace(/;$/, "")),
        ...stateOf(rule),
      ]),
    }
  },
  mark: ({ front }) => sql`
    select string_agg(concat_ws('/', r.oid, r.xmin), ' ' order by r.oid) from pg_rewrite r where r.ev_class = ${front.oid}`,
}

function stateOf({ schema, table: on, name, enabled, comment }: Rule): Sql[] {
  const words: Readonly<Record<string, string>> = { D: "disable", R: "enable replica", A: "enable always" }
  const word = words[enabled]
  return [
    ...(word === undefined ? [] : [sql`alter table ${ident(schema, on)} ${raw(word)} rule ${ident(name)}`]),
    ...commentStatement(sql`rule ${ident(name)} on ${ident(schema, on)}`, comment),
  ]
}

async function readRules(db: Queryable, oid: number): Promise<Rule[]> {
  const { rows } = await db.query<Rule>(sql`
    select n.nspname as schema, c.relname as table, r.rulename as name, pg_get_ruledef(r.oid) as definition,
           r.ev_enabled as enabled, obj_description(r.oid, 'pg_rewrite') as comment, r.ev_class = ${oid} as "isOwn"
    from pg_rewrite r
    join pg_class c on c.oid = r.ev_class
    join pg_namespace n on n.oid = c.relnamespace
    where r.rulename <> '_RETURN'
      and (r.ev_class = ${oid} or (${readsTable(oid)}))
    order by r.oid`)
  return rows
}
