import { type Queryable } from "../../../postgres/Queryable.ts"
import { type Sql, ident, join, raw, sql, table } from "../../../postgres/sql.ts"
import { requireBlueprint } from "../../requireBlueprint.ts"
import { hasVersion } from "../../hasVersion.ts"
import type { Belonging } from "../exchange.ts"

type Membership = {
  readonly publication: string
  readonly isViaRoot: boolean
  /** The published columns; null for all. */
  readonly columns: readonly string[] | null
  readonly filter: string | null
}

/**
 * Publications that name the table. A partitioned one is published under the names of its partitions unless
 * publish_via_partition_root says otherwise; subscribers know the table, so it is set (see preflight), and unset by a rollback.
 * ALTER PUBLICATION … ADD takes SHARE UPDATE EXCLUSIVE on the table.
 */
export const publications: Belonging = {
  read: async (db, { run, table: name, front, isForward }) => {
    const found = await readMemberships(db, front.oid)
    const { viaRoot } = requireBlueprint(run)
    return {
      take: found.map((one) => sql`alter publication ${ident(one.publication)} drop table ${table(name)}`),
      give: found.flatMap((one) => [
        ...(viaRoot.includes(one.publication)
          ? []
          : [
              sql`alter publication ${ident(one.publication)} set (publish_via_partition_root = ${raw(String(isForward))})`,
            ]),
        sql`alter publication ${ident(one.publication)} add table ${table(name)}${what(one)}`,
      ]),
    }
  },
  mark: ({ front }) => sql`
    select string_agg(concat_ws('/', r.oid, r.xmin, p.xmin), ' ' order by r.oid)
    from pg_publication_rel r
    join pg_publication p on p.oid = r.prpubid
    where r.prrelid = ${front.oid}`,
}

function what({ columns, filter }: Membership): Sql {
  const list = columns === null ? sql`` : sql` (${join(columns.map((column) => ident(column)))})`
  return sql`${list}${raw(filter === null ? "" : ` where (${filter})`)}`
}

/** The publications of a table that publish partitioned tables under their own name. */
export async function readViaRoot(db: Queryable, oid: number): Promise<string[]> {
  return (await readMemberships(db, oid)).filter((one) => one.isViaRoot).map((one) => one.publication)
}

/** Column lists and row filters came with PostgreSQL 15. */
async function readMemberships(db: Queryable, oid: number): Promise<Membership[]> {
  const details = !(await hasVersion(db, 15))
    ? sql`null::text[] as columns, null::text as filter`
    : sql`
          (select array_agg(a.attname::text order by a.attnum)
           from unnest(r.prattrs::int[]) as n join pg_attribute a on a.attrelid = r.prrelid and a.attnum = n) as columns,
          pg_get_expr(r.prqual, r.prrelid) as filter`
  const { rows } = await db.query<Membership>(sql`
    select p.pubname as publication, p.pubviaroot as "isViaRoot", ${details}
    from pg_publication_rel r
    join pg_publication p on p.oid = r.prpubid
    where r.prrelid = ${oid}
    order by p.pubname`)
  return rows
}
