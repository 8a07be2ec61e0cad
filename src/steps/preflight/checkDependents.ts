import { renderTableName } from "../../domain/tableName.ts"
import { sql } from "../../postgres/sql.ts"
import { type Check, type Finding, block } from "./Check.ts"

/**
 * What hangs on the table by OID and can follow neither to a partitioned table nor back. Views, rules, triggers, policies,
 * publications, functions and foreign keys do: see `steps/swap/belongings`.
 */
export const checkDependents: Check = async ({ db, source, table }) => {
  const name = renderTableName(table)
  const { rows } = await db.query<{ what: string }>(sql`
    select 'materialized view ' || v.oid::regclass::text as what
    from pg_depend d
    join pg_rewrite r on r.oid = d.objid and d.classid = 'pg_rewrite'::regclass
    join pg_class v on v.oid = r.ev_class and v.relkind = 'm'
    where d.refclassid = 'pg_class'::regclass and d.refobjid = ${source.oid}
    group by 1
    union all
    select 'row trigger ' || quote_ident(t.tgname) || ' with transition tables'
    from pg_trigger t
    where t.tgrelid = ${source.oid} and not t.tgisinternal and t.tgtype & 1 = 1
      and (t.tgoldtable is not null or t.tgnewtable is not null)
    union all
    select 'foreign key ' || quote_ident(o.conname) || ' to itself'
    from pg_constraint o where o.contype = 'f' and o.confrelid = ${source.oid} and o.conrelid = ${source.oid}
    union all
    select 'extension ' || quote_ident(e.extname)
    from pg_depend d join pg_extension e on e.oid = d.refobjid
    where d.classid = 'pg_class'::regclass and d.objid = ${source.oid} and d.refclassid = 'pg_extension'::regclass
    union all
    select 'security label of ' || l.provider from pg_seclabel l where l.classoid = 'pg_class'::regclass and l.objoid = ${source.oid}
    union all
    select 'subscription ' || quote_ident(s.subname)
    from pg_subscription_rel r join pg_subscription s on s.oid = r.srsubid where r.srrelid = ${source.oid}
    order by 1`)
  return [...rows.map((row) => row.what), ...properties(source)].map((what): Finding =>
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
    ...(source.tablespace === null ? [] : [`tablespace ${source.tablespace}`]),
    ...(source.accessMethod === null || source.accessMethod === "heap" ? [] : [`access method ${source.accessMethod}`]),
    ...source.indexes.filter((index) => index.isClustered).map((index) => `the cluster mark on index ${index.name}`),
    ...source.indexes
      .filter((index) => index.tablespace !== null)
      .map((index) => `the tablespace ${index.tablespace} of index ${index.name}`),
  ]
}
