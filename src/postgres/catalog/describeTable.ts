import { type Queryable, findOne } from "../Queryable.ts"
import { sql } from "../sql.ts"
import type { TableDescription } from "./TableDescription.ts"

/** Describes a relation by OID; undefined when it is gone. One statement, so one snapshot of the catalog. */
export async function describeTable(db: Queryable, oid: number): Promise<TableDescription | undefined> {
  const row = await findOne<{ described: TableDescription }>(
    db,
    sql`
    select json_build_object(
      'oid', c.oid::bigint,
      'schema', n.nspname,
      'name', c.relname,
      'kind', c.relkind,
      'persistence', c.relpersistence,
      'owner', pg_get_userbyid(c.relowner),
      'isPartition', c.relispartition,
      'hasParents', exists (select from pg_inherits i where i.inhrelid = c.oid),
      'hasChildren', exists (select from pg_inherits i where i.inhparent = c.oid),
      'isTyped', c.reloftype <> 0,
      'tablespace', (select t.spcname from pg_tablespace t where t.oid = c.reltablespace),
      'accessMethod', (select a.amname from pg_am a where a.oid = c.relam),
      'options', to_json(coalesce(c.reloptions, '{}') || coalesce((select array_agg('toast.' || o) from pg_class tc, unnest(tc.reloptions) as o
                                                    where tc.oid = c.reltoastrelid), '{}')),
      'comment', obj_description(c.oid, 'pg_class'),
      'rowSecurity', c.relrowsecurity,
      'forcesRowSecurity', c.relforcerowsecurity,
      'replicaIdentity', c.relreplident,
      'replicaIndex', (select ic.relname from pg_index i join pg_class ic on ic.oid = i.indexrelid where i.indrelid = c.oid and i.indisreplident),
      'columns', (${columns}),
      'indexes', (${indexes}),
      'checks', (${checks}),
      'foreignKeys', (${foreignKeys}),
      'sequences', (${sequences}),
      'statistics', (${statistics})
    ) as described
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where c.oid = ${oid}`,
  )
  return row?.described
}

const columns = sql`
  select coalesce(json_agg(json_build_object(
    'name', a.attname,
    'type', format_type(a.atttypid, a.atttypmod),
    'isNotNull', a.attnotnull,
    'default', case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end,
    'identity', a.attidentity,
    'generated', a.attgenerated,
    'statistics', nullif(a.attstattarget, -1),
    'options', coalesce(to_json(a.attoptions), '[]'),
    'hasGrants', a.attacl is not null,
    'category', b.typcategory,
    'builtinType', case when b.typnamespace = 'pg_catalog'::regnamespace then b.typname end,
    'isEnum', b.typtype = 'e',
    'sendFunction', (select json_build_array(pn.nspname, p.proname)
                     from pg_proc p join pg_namespace pn on pn.oid = p.pronamespace
                     where p.oid = b.typsend and b.typtype <> 'p'),
    'collation', (select quote_ident(ln.nspname) || '.' || quote_ident(l.collname)
                  from pg_collation l join pg_namespace ln on ln.oid = l.collnamespace
                  where l.oid = a.attcollation and l.oid <> 'pg_catalog.default'::regcollation),
    'isDeterministic', coalesce((select l.collisdeterministic from pg_collation l where l.oid = a.attcollation), true)
  ) order by a.attnum), '[]')
  from pg_attribute a
  join pg_type t on t.oid = a.atttypid
  join pg_type b on b.oid = case when t.typtype = 'd' then t.typbasetype else t.oid end
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped`

const indexes = sql`
  select coalesce(json_agg(json_build_object(
    'name', ic.relname,
    'definition', pg_get_indexdef(i.indexrelid),
    'tail', substr(pg_get_indexdef(i.indexrelid), length(
              'CREATE ' || case when i.indisunique then 'UNIQUE ' else '' end || 'INDEX ' || quote_ident(ic.relname)
              || ' ON ' || case when c.relkind = 'p' then 'ONLY ' else '' end
              || quote_ident(n.nspname) || '.' || quote_ident(c.relname)) + 1),
    'isUnique', i.indisunique,
    'isPrimary', i.indisprimary,
    'isExclusion', i.indisexclusion,
    'isValid', i.indisvalid,
    'isClustered', i.indisclustered,
    'isPartial', i.indpred is not null,
    'isImmediate', i.indimmediate,
    'columns', (select json_agg(a.attname order by k.n)
                from unnest(i.indkey[0:i.indnkeyatts - 1]::int[]) with ordinality as k (attnum, n)
                left join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum and k.attnum <> 0),
    'equalColumns', (select coalesce(json_agg(a.attname order by k.n), '[]')
                     from pg_constraint o, unnest(o.conkey, o.conexclop) with ordinality as k (attnum, operator, n)
                     join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
                     join pg_operator p on p.oid = k.operator and p.oprname = '='
                     where o.conindid = i.indexrelid and o.conrelid = c.oid and o.contype = 'x'),
    'predicate', coalesce(' WHERE ' || pg_get_expr(i.indpred, i.indrelid), ''),
    'keyList', (select string_agg(quote_ident(a.attname), ', ' order by k.n)
                from unnest(i.indkey[0:i.indnkeyatts - 1]::int[]) with ordinality as k (attnum, n)
                join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum),
    'constraint', (select json_build_object('name', o.conname, 'definition', pg_get_constraintdef(o.oid),
                                            'isDeferrable', o.condeferrable, 'comment', obj_description(o.oid, 'pg_constraint'))
                   from pg_constraint o
                   where o.conindid = i.indexrelid and o.conrelid = c.oid and o.contype in ('p', 'u', 'x')),
    'comment', obj_description(i.indexrelid, 'pg_class'),
    'options', coalesce(to_json(ic.reloptions), '[]'),
    'statistics', (select coalesce(json_agg(json_build_object('number', ia.attnum, 'target', ia.attstattarget) order by ia.attnum), '[]')
                   from pg_attribute ia where ia.attrelid = i.indexrelid and ia.attstattarget >= 0),
    'tablespace', (select s.spcname from pg_tablespace s where s.oid = ic.reltablespace),
    'bytes', pg_relation_size(i.indexrelid)
  ) order by i.indisprimary desc, ic.relname), '[]')
  from pg_index i
  join pg_class ic on ic.oid = i.indexrelid
  where i.indrelid = c.oid`

const constraint = sql`
    'name', o.conname, 'definition', regexp_replace(pg_get_constraintdef(o.oid), ' NOT VALID$', ''),
    'isValidated', o.convalidated, 'comment', obj_description(o.oid, 'pg_constraint')`

const checks = sql`
  select coalesce(json_agg(json_build_object(${constraint}) order by o.conname), '[]')
  from pg_constraint o
  where o.conrelid = c.oid and o.contype = 'c' and o.conparentid = 0`

const foreignKeys = sql`
  select coalesce(json_agg(json_build_object(${constraint},
    'isSelf', o.confrelid = o.conrelid,
    'refersTo', (select json_agg(a.attname) from pg_attribute a where a.attrelid = o.confrelid and a.attnum = any (o.confkey)),
    'isToUnlogged', (select r.relpersistence = 'u' from pg_class r where r.oid = o.confrelid)
  ) order by o.conname), '[]')
  from pg_constraint o
  where o.conrelid = c.oid and o.contype = 'f' and o.conparentid = 0`

const sequences = sql`
  select coalesce(json_agg(json_build_object(
    'schema', sn.nspname, 'name', s.relname, 'column', a.attname, 'dependency', d.deptype,
    'options', (select format('start with %s increment by %s minvalue %s maxvalue %s cache %s%s', q.seqstart, q.seqincrement,
                              q.seqmin, q.seqmax, q.seqcache, case when q.seqcycle then ' cycle' else '' end)
                from pg_sequence q where q.seqrelid = s.oid)
  ) order by a.attnum), '[]')
  from pg_depend d
  join pg_class s on s.oid = d.objid and s.relkind = 'S'
  join pg_namespace sn on sn.oid = s.relnamespace
  join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
  where d.classid = 'pg_class'::regclass
    and d.refclassid = 'pg_class'::regclass
    and d.refobjid = c.oid
    and d.deptype in ('a', 'i')`

/** `pg_get_statisticsobjdef` writes the name, the kinds unless all of them are built, the columns and the table. */
const statistics = sql`
  select coalesce(json_agg(json_build_object(
    'schema', xn.nspname, 'name', x.stxname, 'owner', pg_get_userbyid(x.stxowner),
    'body', split_part(substr(pg_get_statisticsobjdef(x.oid), length('CREATE STATISTICS ' || quote_ident(xn.nspname) || '.' || quote_ident(x.stxname)) + 1),
                       ' ON ', 1) || ' ON ' || pg_get_statisticsobjdef_columns(x.oid),
    'target', nullif(x.stxstattarget, -1),
    'comment', obj_description(x.oid, 'pg_statistic_ext')
  ) order by x.oid), '[]')
  from pg_statistic_ext x
  join pg_namespace xn on xn.oid = x.stxnamespace
  where x.stxrelid = c.oid`
