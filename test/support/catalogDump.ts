import type { TestDatabase } from "./database.ts"

/**
 * Everything that the catalog says of the user's relations, by names, a line each: what a cutover may not change. Left out are
 * what makes a table a partitioned one: its partitions, its storage options (they are theirs), and our own schemas.
 */
export async function dumpCatalog(database: TestDatabase): Promise<string[]> {
  const rows = await database.query<{ line: string }>(`
    with rel as (
      select c.*, n.nspname, format('%I.%I', n.nspname, c.relname) as name
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'cutover', 'cutover_jobs')
        and not c.relispartition
    ), tab as (
      select * from rel where relkind in ('r', 'p', 'v', 'm')
    )
    ${parts.join("\n    union all\n")}
    order by 1`)
  return rows.map((row) => row.line)
}

const acl = (column: string): string =>
  `(select string_agg(format('%s=%s%s', case when g.grantee = 0 then 'public' else pg_get_userbyid(g.grantee) end, g.privilege_type, case when g.is_grantable then '*' else '' end), ',' order by g.grantee::text, g.privilege_type) from aclexplode(${column}) g)`

const parts: readonly string[] = [
  `select format('relation %s %s owner %s rls %s %s identity %s comment %s acl %s', translate(relkind::text, 'p', 'r'), name, relowner::regrole,
                 relrowsecurity, relforcerowsecurity, case when relkind in ('r', 'p') then relreplident end,
                 obj_description(oid, 'pg_class'), ${acl("relacl")}) as line from tab`,
  `select format('column %s.%s %s notnull %s default %s identity %s generated %s storage %s compression %s statistics %s options %s collation %s comment %s acl %s',
                 name, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated, a.attstorage,
                 a.attcompression, nullif(a.attstattarget, -1), a.attoptions, nullif(a.attcollation, 0)::regcollation, col_description(a.attrelid, a.attnum), ${acl("a.attacl")})
     from tab join pg_attribute a on a.attrelid = tab.oid and a.attnum > 0 and not a.attisdropped
     left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum`,
  `select format('constraint %s %s %s validated %s comment %s', o.conrelid::regclass, o.conname, pg_get_constraintdef(o.oid), o.convalidated, obj_description(o.oid, 'pg_constraint'))
     from pg_constraint o join tab on tab.oid = o.conrelid where o.contype <> 'n' and o.conparentid = 0`,
  `select format('index %s identity %s valid %s comment %s tablespace %s', replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON '), i.indisreplident, i.indisvalid, obj_description(i.indexrelid, 'pg_class'), rel.reltablespace)
     from pg_index i join rel on rel.oid = i.indexrelid`,
  `select format('trigger %s enabled %s comment %s', pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger'))
     from pg_trigger t join tab on tab.oid = t.tgrelid where not t.tgisinternal and t.tgname not like 'cutover\\_%'`,
  `select format('policy %s on %s permissive %s command %s roles %s using %s check %s comment %s', p.polname, tab.name, p.polpermissive, p.polcmd,
                 array(select case when r = 0 then 'public' else pg_get_userbyid(r) end from unnest(p.polroles) r), pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), obj_description(p.oid, 'pg_policy'))
     from pg_policy p join tab on tab.oid = p.polrelid`,
  `select format('rule %s enabled %s comment %s', pg_get_ruledef(r.oid), r.ev_enabled, obj_description(r.oid, 'pg_rewrite'))
     from pg_rewrite r join tab on tab.oid = r.ev_class where r.rulename <> '_RETURN'`,
  `select format('view %s options %s as %s', name, reloptions, pg_get_viewdef(oid)) from tab where relkind in ('v', 'm')`,
  `select format('publication %s of %s columns %s where %s', p.pubname, tab.name, r.prattrs, pg_get_expr(r.prqual, r.prrelid))
     from pg_publication_rel r join tab on tab.oid = r.prrelid join pg_publication p on p.oid = r.prpubid`,
  `select format('function %s', pg_get_functiondef(p.oid)) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where p.prokind in ('f', 'p') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'cutover', 'cutover_jobs')
       and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')`,
  `select format('statistics %s target %s', pg_get_statisticsobjdef(s.oid), s.stxstattarget) from pg_statistic_ext s join tab on tab.oid = s.stxrelid`,
  `select format('sequence %s of %s %s increment %s', rel.name, d.refobjid::regclass, d.deptype, q.seqincrement)
     from rel join pg_sequence q on q.seqrelid = rel.oid
     left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = rel.oid and d.deptype in ('a', 'i') and d.refclassid = 'pg_class'::regclass`,
]
