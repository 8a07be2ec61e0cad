import { renderTableName } from "../../../domain/tableName.ts"
import { sql } from "../../../postgres/sql.ts"
import { hasVersion } from "../../hasVersion.ts"
import { type Check, block, orOk, warn } from "../Check.ts"

/**
 * A publication of all tables, or of a schema, would publish the partitions while they are filled; one that names the
 * table is carried over, and publishes the partitioned one under its own name.
 */
export const checkPublications: Check = async ({ db, table, source }) => {
  const bySchema = !(await hasVersion(db, 15))
    ? sql``
    : sql`
        union all
        select p.pubname, false, p.pubviaroot
        from pg_publication_namespace s
        join pg_publication p on p.oid = s.pnpubid
        join pg_namespace n on n.oid = s.pnnspid
        where n.nspname = ${source.schema}`
  const { rows } = await db.query<{ name: string; names: boolean; isViaRoot: boolean }>(sql`
    select p.pubname as name, false as names, p.pubviaroot as "isViaRoot" from pg_publication p where p.puballtables
    ${bySchema}
    union all
    select p.pubname, true, p.pubviaroot
    from pg_publication_rel r join pg_publication p on p.oid = r.prpubid where r.prrelid = ${source.oid}
    order by 1`)
  const findings = rows.flatMap(({ name, names, isViaRoot }) => {
    if (!names)
      return [
        block(
          "CUTOVER_PUBLISHED_BY_SCHEMA",
          `publication ${name} publishes every table of the schema, so it would publish the partitions of ${renderTableName(table)} while they are filled.`,
          `Let it name its tables for the time of the run: alter publication ${name} set table …`,
        ),
      ]
    return isViaRoot
      ? []
      : [
          warn(
            "CUTOVER_PUBLISHED_BY_SCHEMA",
            `publication ${name} gets publish_via_partition_root = true at the swap, so that subscribers go on seeing ${renderTableName(table)}.`,
            "If it has other partitioned tables, they will be published under their own names too.",
          ),
        ]
  })
  return orOk(findings, "CUTOVER_PUBLISHED_BY_SCHEMA", `${rows.length} publications name ${renderTableName(table)}.`)
}
