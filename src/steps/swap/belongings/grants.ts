import { type Queryable } from "../../../postgres/Queryable.ts"
import { type Sql, ident, raw, sql, table } from "../../../postgres/sql.ts"
import type { Belonging } from "../exchange.ts"

type Grant = { readonly grantee: string | null; readonly privilege: string; readonly grantable: boolean }

/**
 * The grants of the table in front, for the one that gets its name. Partitions get none: whoever may use the table may
 * use them through it, and a grant on a partition would go around row security.
 */
export const grants: Belonging = {
  read: async (db, { table: name, front, back }) => {
    const wanted = await readGrants(db, front.oid)
    const present = new Set((await readGrants(db, back.oid)).map((grant) => grant.grantee))
    return {
      take: [],
      give: [
        ...[...present].map((grantee) => sql`revoke all on ${table(name)} from ${role(grantee)}`),
        ...wanted.map(
          (grant) =>
            sql`grant ${raw(grant.privilege)} on ${table(name)} to ${role(grant.grantee)}${raw(grant.grantable ? " with grant option" : "")}`,
        ),
      ],
    }
  },
}

async function readGrants(db: Queryable, oid: number): Promise<Grant[]> {
  const { rows } = await db.query<Grant>(sql`
    select case when g.grantee = 0 then null else pg_get_userbyid(g.grantee) end as grantee,
           g.privilege_type as privilege,
           g.is_grantable as grantable
    from pg_class c
    cross join aclexplode(c.relacl) g
    where c.oid = ${oid}
    order by 1, 2`)
  return rows
}

function role(name: string | null): Sql {
  return name === null ? raw("public") : ident(name)
}
