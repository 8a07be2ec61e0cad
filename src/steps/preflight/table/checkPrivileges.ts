import { renderTableName } from "../../../domain/tableName.ts"
import { findOne, readOne } from "../../../postgres/Queryable.ts"
import { ident, raw, sql } from "../../../postgres/sql.ts"
import { readsTable } from "../../swap/belongings/views.ts"
import { type Check, type TableContext, orOk } from "../Check.ts"
import { type Missing, findingsOf } from "../missing.ts"

/**
 * Everything that a run does is allowed by a few grants: to be a member of the owners, to create in the schemas concerned, and
 * to see what other sessions do. Each that is missing is named with its statement.
 */
export const checkPrivileges: Check<TableContext> = async (context) => {
  const { db } = context
  const { role } = await readOne<{ role: string }>(db, sql`select current_user as role`)
  const missing = [
    ...(await missingOwners(context, role)),
    ...(await missingSchemas(context, role)),
    ...(await missingReferences(context, role)),
    ...(await missingFunctions(context, role)),
    ...(await missingTypes(context, role)),
    ...(await missingTablespaces(context, role)),
    ...(await missingRowSecurity(context, role)),
  ]
  return orOk(
    findingsOf(role, missing),
    "CUTOVER_PRIVILEGE",
    `${role} may do with ${renderTableName(context.table)} all that a run does.`,
  )
}

/** Who owns the table and what follows it to the new one; membership is ownership (PostgreSQL manual, 5.8). */
async function missingOwners({ db, source }: TableContext, role: string): Promise<Missing[]> {
  const { rows } = await db.query<{ owner: string; what: string; inherits: boolean }>(sql`
    select pg_get_userbyid(owner) as owner, string_agg(what, ', ' order by what) as what,
           current_setting('server_version_num')::int >= 160000 as inherits
    from (
      select c.relowner as owner, 'table ' || c.oid::regclass::text as what from pg_class c where c.oid = ${source.oid}
      union
      select v.relowner, case v.relkind when 'm' then 'materialized view ' when 'v' then 'view ' else 'table ' end || v.oid::regclass::text
      from pg_rewrite r join pg_class v on v.oid = r.ev_class where ${readsTable(source.oid)}
      union
      select c.relowner, 'table ' || c.oid::regclass::text
      from pg_constraint o join pg_class c on c.oid = o.conrelid
      where o.contype = 'f' and o.confrelid = ${source.oid} and o.conrelid <> ${source.oid}
      union
      select c.relowner, 'table ' || c.oid::regclass::text
      from pg_depend d join pg_policy p on p.oid = d.objid join pg_class c on c.oid = p.polrelid
      where d.classid = 'pg_policy'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = ${source.oid}
      union
      select p.pubowner, 'publication ' || quote_ident(p.pubname)
      from pg_publication_rel r join pg_publication p on p.oid = r.prpubid where r.prrelid = ${source.oid}
      union
      select p.proowner, 'function ' || p.oid::regprocedure::text
      from pg_proc p
      where p.prosqlbody is not null
        and p.oid in (select d.objid from pg_depend d
                      where d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = ${source.oid})
      union
      select x.stxowner, 'statistics ' || quote_ident(x.stxname) from pg_statistic_ext x where x.stxrelid = ${source.oid}
      union
      select s.relowner, 'sequence ' || s.oid::regclass::text
      from pg_depend d join pg_class s on s.oid = d.objid and s.relkind = 'S'
      where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = ${source.oid}
    ) as owned
    where not pg_has_role(current_user, owner, 'USAGE')
    group by owner
    order by 1`)
  return rows.map(({ owner, what, inherits }) => ({
    lacks: `does not own ${what}; the owner is ${owner}`,
    grant: sql`grant ${ident(owner)} to ${ident(role)}${raw(inherits ? " with inherit true, set true" : "")}`,
  }))
}

/** Making something, and giving it to its owner, takes CREATE on its schema of both (PostgreSQL manual, ALTER TABLE); superusers aside. */
async function missingSchemas({ db, source }: TableContext, role: string): Promise<Missing[]> {
  const { rows } = await db.query<{ schema: string; who: string }>(sql`
    select distinct n.nspname as schema, who
    from (
      select ${source.schema} as schema, current_user::text as who
      union
      select ${source.schema}, ${source.owner}
      union
      select v.relnamespace::regnamespace::text, current_user
      from pg_rewrite r join pg_class v on v.oid = r.ev_class where ${readsTable(source.oid)}
      union
      select p.pronamespace::regnamespace::text, current_user
      from pg_proc p
      where p.prosqlbody is not null
        and p.oid in (select d.objid from pg_depend d
                      where d.classid = 'pg_proc'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = ${source.oid})
      union
      select x.stxnamespace::regnamespace::text, unnest(array[current_user::text, pg_get_userbyid(x.stxowner)]) from pg_statistic_ext x where x.stxrelid = ${source.oid}
    ) as made
    join pg_namespace n on n.nspname = schema or quote_ident(n.nspname) = schema
    where not (has_schema_privilege(who, n.oid, 'CREATE') and has_schema_privilege(who, n.oid, 'USAGE'))
      and not (select rolsuper from pg_roles where rolname = current_user)
    order by 1, 2`)
  return rows.map(({ schema, who }) => ({
    lacks:
      who === role
        ? `may not create in schema ${schema}`
        : `cannot give anything in schema ${schema} to ${who}, who may not create there`,
    grant: sql`grant usage, create on schema ${ident(schema)} to ${ident(who)}`,
  }))
}

/** Making a foreign key anew takes REFERENCES on the table it points to. */
async function missingReferences({ db, source }: TableContext, role: string): Promise<Missing[]> {
  const { rows } = await db.query<{ schema: string; name: string; usage: boolean }>(sql`
    select distinct n.nspname as schema, c.relname as name, has_schema_privilege(n.oid, 'USAGE') as usage
    from pg_constraint o
    join pg_class c on c.oid = o.confrelid
    join pg_namespace n on n.oid = c.relnamespace
    where o.contype = 'f' and o.conrelid = ${source.oid}
      and not (has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'REFERENCES'))
    order by 1, 2`)
  return rows.flatMap(({ schema, name, usage }) => [
    ...(usage
      ? []
      : [
          {
            lacks: `may not use schema ${schema}`,
            grant: sql`grant usage on schema ${ident(schema)} to ${ident(role)}`,
          },
        ]),
    {
      lacks: `may not make foreign keys to ${schema}.${name}`,
      grant: sql`grant references on ${ident(schema, name)} to ${ident(role)}`,
    },
  ])
}

/** Making a trigger anew takes EXECUTE on its function. */
async function missingFunctions({ db, source }: TableContext, role: string): Promise<Missing[]> {
  const { rows } = await db.query<{ schema: string; name: string }>(sql`
    select distinct n.nspname as schema, p.proname as name
    from pg_trigger t
    join pg_proc p on p.oid = t.tgfoid
    join pg_namespace n on n.oid = p.pronamespace
    where t.tgrelid = ${source.oid} and not t.tgisinternal and not has_function_privilege(p.oid, 'EXECUTE')
    order by 1, 2`)
  return rows.map(({ schema, name }) => ({
    lacks: `may not call the trigger function ${schema}.${name}`,
    grant: sql`grant execute on function ${ident(schema, name)}() to ${ident(role)}`,
  }))
}

/** Making a column takes USAGE on its type. */
async function missingTypes({ db, source }: TableContext, role: string): Promise<Missing[]> {
  const { rows } = await db.query<{ schema: string; name: string }>(sql`
    select distinct n.nspname as schema, t.typname as name
    from pg_attribute a
    join pg_type t on t.oid = a.atttypid
    join pg_namespace n on n.oid = t.typnamespace
    where a.attrelid = ${source.oid} and a.attnum > 0 and not a.attisdropped and not has_type_privilege(t.oid, 'USAGE')
    order by 1, 2`)
  return rows.map(({ schema, name }) => ({
    lacks: `may not use type ${schema}.${name}`,
    grant: sql`grant usage on type ${ident(schema, name)} to ${ident(role)}`,
  }))
}

async function missingTablespaces({ db, source }: TableContext, role: string): Promise<Missing[]> {
  const names = [source.tablespace, ...source.indexes.map((index) => index.tablespace)].filter((name) => name !== null)
  const { rows } = await db.query<{ name: string }>(sql`
    select distinct name from unnest(${names}::text[]) as name where not has_tablespace_privilege(name, 'CREATE') order by 1`)
  return rows.map(({ name }) => ({
    lacks: `may not create in tablespace ${name}`,
    grant: sql`grant create on tablespace ${ident(name)} to ${ident(role)}`,
  }))
}

/** FORCE ROW LEVEL SECURITY holds for owners too: a copy would silently leave rows behind, so it errs instead. */
async function missingRowSecurity({ db, source }: TableContext, role: string): Promise<Missing[]> {
  if (!source.rowSecurity || !source.forcesRowSecurity) return []
  const bypass = await findOne(
    db,
    sql`select from pg_roles where rolname = current_user and (rolbypassrls or rolsuper)`,
  )
  if (bypass !== undefined) return []
  return [
    {
      lacks: "is subject to the row security of the table, which is forced, and would not see all rows",
      grant: sql`alter role ${ident(role)} bypassrls`,
    },
  ]
}
