import type { Queryable } from "../../../postgres/Queryable.ts"
import { type Sql, ident, raw, role, sql, table } from "../../../postgres/sql.ts"
import { requireBlueprint } from "../../requireBlueprint.ts"
import type { Belonging } from "../exchange.ts"

export type Grant = {
  readonly grantee: string | null
  readonly privilege: string
  readonly grantable: boolean
  /** The column that is granted; null for the whole table. */
  readonly column: string | null
}

/**
 * The grants of the table in front and of its columns, for the one that gets its name. Partitions get none: whoever may use the table may use them through it, and a grant on a partition would go around
 * row security.
 */
export const grants: Belonging = {
  read: async (db, { run, table: name, front, back }) => {
    const { owner } = requireBlueprint(run).source
    const onFront = await readGrants(db, front.oid)
    const onBack = (await readGrants(db, back.oid)).map((grant) => grant.grantee)
    // Where nothing was ever granted the owner has everything without a grant, which is as good as nothing written down.
    const revoked = new Set(onFront.length === 0 ? onBack.filter((grantee) => grantee !== owner) : [owner, ...onBack])
    return {
      take: [],
      give: [
        ...[...revoked].map((grantee) => revokeAll(table(name), grantee)),
        ...onFront.map((grant) => grantStatement(table(name), grant)),
      ],
    }
  },
}

/** CASCADE: what was granted on by virtue of a grant option goes too, and without it the REVOKE would fail (2BP01). */
export function revokeAll(on: Sql, grantee: string | null): Sql {
  return sql`revoke all on ${on} from ${role(grantee)} cascade`
}

/** `on` is a table, or `sequence` and its name. */
export function grantStatement(on: Sql, { grantee, privilege, grantable, column }: Grant): Sql {
  const what = column === null ? raw(privilege) : sql`${raw(privilege)} (${ident(column)})`
  return sql`grant ${what} on ${on} to ${role(grantee)}${raw(grantable ? " with grant option" : "")}`
}

/** What the owner has where nothing was ever granted; an ACL that says just that is as good as none. */
const asDefault = sql`acldefault(case c.relkind when 'S' then 's' else 'r' end::"char", c.relowner)`

export async function readGrants(db: Queryable, oid: number): Promise<Grant[]> {
  const { rows } = await db.query<Grant>(sql`
    select case when g.grantee = 0 then null else pg_get_userbyid(g.grantee) end as grantee,
           g.privilege_type as privilege,
           g.is_grantable as grantable,
           one.column
    from (
      select case when not (c.relacl @> ${asDefault} and c.relacl <@ ${asDefault}) then c.relacl end as acl, null as column, 0 as n from pg_class c where c.oid = ${oid}
      union all
      select a.attacl, a.attname, a.attnum from pg_attribute a where a.attrelid = ${oid} and not a.attisdropped
    ) as one
    cross join aclexplode(one.acl) g
    order by one.n, 1, 2`)
  return rows
}
