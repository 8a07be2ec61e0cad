import { renderTableName } from "../../domain/tableName.ts"
import { sql } from "../../postgres/sql.ts"
import { type Check, type Finding, block } from "./Check.ts"

/**
 * What hangs on the table by OID would silently stay with the legacy table after the swap. This version refuses a
 * table that has any of it, and names each piece.
 */
export const checkDependents: Check = async ({ db, source, table }) => {
  const name = renderTableName(table)
  const { rows } = await db.query<{ what: string }>(sql`
    select 'view ' || d.refobjid::regclass::text || ' is read by ' || r.ev_class::regclass::text as what
    from pg_depend d
    join pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
    where d.refclassid = 'pg_class'::regclass and d.refobjid = ${source.oid} and r.ev_class <> d.refobjid
    group by 1
    union all
    select 'rule ' || quote_ident(r.rulename) from pg_rewrite r where r.ev_class = ${source.oid}
    union all
    select 'foreign key ' || quote_ident(o.conname) || ' of ' || o.conrelid::regclass::text
    from pg_constraint o where o.contype = 'f' and o.confrelid = ${source.oid}
    union all
    select 'trigger ' || quote_ident(t.tgname) from pg_trigger t where t.tgrelid = ${source.oid} and not t.tgisinternal
    union all
    select 'policy ' || quote_ident(p.polname) from pg_policy p where p.polrelid = ${source.oid}
    union all
    select 'publication ' || quote_ident(p.pubname)
    from pg_publication_rel r join pg_publication p on p.oid = r.prpubid where r.prrelid = ${source.oid}
    union all
    select 'grants on column ' || quote_ident(a.attname)
    from pg_attribute a where a.attrelid = ${source.oid} and a.attacl is not null and not a.attisdropped
    union all
    select 'extension ' || quote_ident(e.extname)
    from pg_depend d join pg_extension e on e.oid = d.refobjid
    where d.classid = 'pg_class'::regclass and d.objid = ${source.oid} and d.refclassid = 'pg_extension'::regclass
    union all
    select 'function ' || d.objid::regprocedure::text
    from pg_depend d
    where d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = ${source.oid}
    union all
    select 'security label of ' || l.provider from pg_seclabel l where l.classoid = 'pg_class'::regclass and l.objoid = ${source.oid}
    order by 1`)
  return [...rows.map((row) => row.what.replace(/^view .* is read by /, "view ")), ...properties(source)].map(
    (what): Finding =>
      block(
        "CUTOVER_NOT_CARRIED_OVER",
        `${name} has what this version cannot carry over: ${what}.`,
        "Drop it for the time of the run and make it again afterwards, or wait for a version that carries it.",
      ),
  )
}

function properties(source: Parameters<Check>[0]["source"]): string[] {
  return [
    ...(source.persistence === "u" ? ["it is unlogged"] : []),
    ...(source.rowSecurity ? ["row level security"] : []),
    ...(source.replicaIdentity === "d" ? [] : ["a replica identity of its own"]),
    ...(source.tablespace === null ? [] : [`tablespace ${source.tablespace}`]),
    ...(source.accessMethod === null || source.accessMethod === "heap" ? [] : [`access method ${source.accessMethod}`]),
    ...source.columns
      .filter((column) => column.statistics !== null)
      .map((column) => `the statistics target of column ${column.name}`),
    ...source.indexes.filter((index) => index.isClustered).map((index) => `the cluster mark on index ${index.name}`),
    ...source.indexes.filter((index) => index.comment !== null).map((index) => `the comment on index ${index.name}`),
  ]
}
