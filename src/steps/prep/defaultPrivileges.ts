import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, raw, role, sql } from "../../postgres/sql.ts"

/** Whom ALTER DEFAULT PRIVILEGES would let use a new table, or a new sequence: role names, and null for everybody. */
export type DefaultGrantees = {
  readonly tables: readonly (string | null)[]
  readonly sequences: readonly (string | null)[]
}

/**
 * Reads them. A table gets the defaults of the role that makes it, an identity column's sequence those of the table's owner
 * (PostgreSQL manual, ALTER DEFAULT PRIVILEGES).
 */
export async function readDefaultGrantees(db: Queryable, schema: string, owner: string): Promise<DefaultGrantees> {
  const { rows } = await db.query<{ kind: "r" | "S"; grantee: string | null }>(sql`
    select distinct d.defaclobjtype as kind, case when g.grantee = 0 then null else pg_get_userbyid(g.grantee) end as grantee
    from pg_default_acl d
    left join pg_namespace n on n.oid = d.defaclnamespace
    cross join aclexplode(d.defaclacl) g
    where (d.defaclobjtype, pg_get_userbyid(d.defaclrole)) in (('r', current_user), ('S', ${owner}))
      and coalesce(n.nspname, ${schema}) = ${schema}
      and g.grantee <> d.defaclrole
    order by 1, 2`)
  const of = (kind: "r" | "S"): (string | null)[] => rows.filter((row) => row.kind === kind).map((row) => row.grantee)
  return { tables: of("r"), sequences: of("S") }
}

/** Default privileges must not open what a run makes past the grants and policies of the table. */
export function revokeStatements(kind: "table" | "sequence", name: Sql, grantees: readonly (string | null)[]): Sql[] {
  return grantees.map((grantee) => sql`revoke all on ${raw(kind)} ${name} from ${role(grantee)}`)
}
