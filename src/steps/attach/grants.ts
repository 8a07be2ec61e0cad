import { type Queryable } from "../../postgres/Queryable.ts"
import { type Sql, ident, raw, sql, table } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"

type Grant = { readonly grantee: string | null; readonly privilege: string; readonly grantable: boolean }

/**
 * The grants of the source, for the table that now has its name. Partitions get none: whoever may use the table may
 * use them through it, and a grant on a partition would go around row security.
 */
export async function grantStatements(tx: Queryable, run: Run): Promise<Sql[]> {
  const { rows } = await tx.query<Grant>(sql`
    select case when g.grantee = 0 then null else pg_get_userbyid(g.grantee) end as grantee,
           g.privilege_type as privilege,
           g.is_grantable as grantable
    from pg_class c
    cross join aclexplode(c.relacl) g
    where c.oid = ${run.sourceOid}
    order by 1, 2`)
  const on = table(run.table)
  const { rows: defaults } = await tx.query<{ grantee: string | null }>(sql`
    select distinct case when g.grantee = 0 then null else pg_get_userbyid(g.grantee) end as grantee
    from pg_class c
    cross join aclexplode(c.relacl) g
    where c.oid = ${run.targetOid}`)
  return [
    ...defaults.map(({ grantee }) => sql`revoke all on ${on} from ${role(grantee)}`),
    ...rows.map(
      (grant) =>
        sql`grant ${raw(grant.privilege)} on ${on} to ${role(grant.grantee)}${raw(grant.grantable ? " with grant option" : "")}`,
    ),
  ]
}

function role(name: string | null): Sql {
  return name === null ? raw("public") : ident(name)
}
