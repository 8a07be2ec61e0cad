import { type Queryable, readOne } from "../../../postgres/Queryable.ts"
import { type Sql, ident, join, raw, sql, table } from "../../../postgres/sql.ts"
import type { Belonging } from "../exchange.ts"
import { commentStatement } from "./comments.ts"

type Policy = {
  readonly name: string
  readonly schema: string
  readonly table: string
  readonly isOwn: boolean
  readonly isPermissive: boolean
  readonly command: string
  /** Empty for PUBLIC. */
  readonly roles: readonly string[]
  readonly using: string | null
  readonly check: string | null
  readonly comment: string | null
}

type Security = { readonly enabled: boolean; readonly forced: boolean }

/**
 * Row security and its policies, and policies of other tables that look into this one. The table that is parked has row
 * security off: nobody but its owner may use it, and FORCE would keep us from following.
 */
export const policies: Belonging = {
  read: async (db, { table: name, front }) => {
    const found = await readPolicies(db, front.oid)
    const { enabled, forced } = await readSecurity(db, front.oid)
    const on = table(name)
    return {
      take: [
        ...found.filter((one) => one.isOwn).map((one) => sql`drop policy ${ident(one.name)} on ${on}`),
        ...(forced ? [sql`alter table ${on} no force row level security`] : []),
        ...(enabled ? [sql`alter table ${on} disable row level security`] : []),
      ],
      give: [
        ...found.flatMap((one) => (one.isOwn ? createStatements(one, on) : [alterStatement(one)])),
        ...(enabled ? [sql`alter table ${on} enable row level security`] : []),
        ...(forced ? [sql`alter table ${on} force row level security`] : []),
      ],
    }
  },
  mark: ({ front }) => sql`
    select string_agg(concat_ws('/', p.oid, p.xmin), ' ' order by p.oid) from pg_policy p where ${concerns(front.oid)}`,
}

/** A condition on `pg_policy p`: it is the table's own, or looks into it. */
function concerns(oid: number): Sql {
  return sql`(p.polrelid = ${oid} or p.oid in (
    select d.objid from pg_depend d
    where d.classid = 'pg_policy'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = ${oid}))`
}

function createStatements(policy: Policy, on: Sql): Sql[] {
  const roles = policy.roles.length === 0 ? raw("public") : join(policy.roles.map((role) => ident(role)))
  return [
    sql`create policy ${ident(policy.name)} on ${on} as ${raw(policy.isPermissive ? "permissive" : "restrictive")}
      for ${raw(policy.command)} to ${roles}${expressions(policy)}`,
    ...commentStatement(sql`policy ${ident(policy.name)} on ${on}`, policy.comment),
  ]
}

/** By its own text, which names the table; so it looks into the one that has the name now. */
function alterStatement(policy: Policy): Sql {
  return sql`alter policy ${ident(policy.name)} on ${ident(policy.schema, policy.table)}${expressions(policy)}`
}

function expressions({ using, check }: Policy): Sql {
  return sql`${raw(using === null ? "" : ` using (${using})`)}${raw(check === null ? "" : ` with check (${check})`)}`
}

async function readPolicies(db: Queryable, oid: number): Promise<Policy[]> {
  const { rows } = await db.query<Policy>(sql`
    select p.polname as name, n.nspname as schema, c.relname as table, p.polrelid = ${oid} as "isOwn",
           p.polpermissive as "isPermissive",
           case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end as command,
           array(select pg_get_userbyid(role)::text from unnest(p.polroles) as role where role <> 0) as roles,
           pg_get_expr(p.polqual, p.polrelid) as using,
           pg_get_expr(p.polwithcheck, p.polrelid) as check,
           obj_description(p.oid, 'pg_policy') as comment
    from pg_policy p
    join pg_class c on c.oid = p.polrelid
    join pg_namespace n on n.oid = c.relnamespace
    where ${concerns(oid)}
    order by p.oid`)
  return rows
}

async function readSecurity(db: Queryable, oid: number): Promise<Security> {
  return await readOne<Security>(
    db,
    sql`select relrowsecurity as enabled, relforcerowsecurity as forced from pg_class where oid = ${oid}`,
  )
}
