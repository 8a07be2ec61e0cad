import type { TestDatabase } from "./database.ts"

/**
 * Everything that the catalog says of the user's relations, by names, a line each: what a cutover may not change. Left out are
 * what makes a table a partitioned one, its partitions, and our own schemas. What only these can have, such as storage options, is
 * said of the table, once where it is the same for all of them.
 */
export async function dumpCatalog(database: TestDatabase): Promise<string[]> {
  return await dump(database, "and not c.relispartition")
}

/** The same, and what is said of each partition. */
export async function dumpWithPartitions(database: TestDatabase): Promise<string[]> {
  return await dump(database, "")
}

async function dump(database: TestDatabase, condition: string): Promise<string[]> {
  const rows = await database.query<{ line: string }>(`
    with rel as (
      select c.*, n.nspname, format('%I.%I', n.nspname, c.relname) as name
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
      where n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'cutover', 'cutover_jobs')
        ${condition}
    ), tab as (
      select * from rel where relkind in ('r', 'p', 'v', 'm')
    )
    ${parts.join("\n    union all\n")}
    order by 1`)
  return rows.map((row) => row.line)
}

const acl = (column: string, kind = "r"): string =>
  `(select string_agg(format('%s=%s%s', case when g.grantee = 0 then 'public' else pg_get_userbyid(g.grantee) end, g.privilege_type, case when g.is_grantable then '*' else '' end), ',' order by g.grantee::text, g.privilege_type) from aclexplode(case when not (${column} @> ${byDefault(kind)} and ${column} <@ ${byDefault(kind)}) then ${column} end) g)`

/** What the owner has where nothing was ever granted: an ACL that says just that is none. */
const byDefault = (kind: string): string => `acldefault('${kind}', relowner)`

/** Whether the OID is that of the table `tab`, or, where it has some, of one of its partitions. */
const ofItself = (oid: string): string =>
  `(case when tab.relkind = 'p' then ${oid} in (select inhrelid from pg_inherits where inhparent = tab.oid) else ${oid} = tab.oid end)`

/** The same down to the leaves, which alone hold rows. */
const ofLeaves = (oid: string): string =>
  `(case when tab.relkind = 'p' then ${oid} in (select relid from pg_partition_tree(tab.oid) where isleaf) else ${oid} = tab.oid end)`

/** Storage options of a table and of its TOAST table, in the order of their names. */
const optionsOf = (leaf: string): string =>
  `coalesce((select string_agg(o, ', ' order by o)
             from unnest(coalesce(${leaf}.reloptions, '{}') ||
                         coalesce((select array_agg('toast.' || t) from pg_class tc, unnest(tc.reloptions) as t where tc.oid = ${leaf}.reltoastrelid), '{}')) as o),
            'none')`

const parts: readonly string[] = [
  `select format('relation %s %s owner %s rls %s %s identity %s comment %s acl %s persistence %s populated %s tablespace %s clustered %s',
                 translate(relkind::text, 'p', 'r'), name, relowner::regrole,
                 relrowsecurity, relforcerowsecurity, case when relkind in ('r', 'p') then relreplident end,
                 obj_description(oid, 'pg_class'), ${acl("relacl")},
                 (select string_agg(distinct p.relpersistence::text, ',') from pg_class p where ${ofLeaves("p.oid")}), relispopulated,
                 (select string_agg(distinct coalesce(s.spcname, 'default'), ',') from pg_class p left join pg_tablespace s on s.oid = p.reltablespace where ${ofItself("p.oid")}),
                 (select string_agg(distinct coalesce(pn.relname, mn.relname)::text, ',')
                  from pg_index i join pg_class mn on mn.oid = i.indexrelid
                  left join pg_inherits ih on ih.inhrelid = i.indexrelid left join pg_class pn on pn.oid = ih.inhparent
                  where i.indisclustered and ${ofItself("i.indrelid")})) as line from tab`,
  `select format('options of %s: %s', name, (select string_agg(distinct ${optionsOf("p")}, ' or ') from pg_class p where ${ofLeaves("p.oid")}))
     from tab where relkind in ('r', 'p')`,
  `select format('column %s.%s %s notnull %s default %s identity %s generated %s storage %s compression %s statistics %s options %s collation %s comment %s acl %s',
                 name, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated, a.attstorage,
                 a.attcompression, nullif(a.attstattarget, -1), a.attoptions, nullif(a.attcollation, 0)::regcollation, col_description(a.attrelid, a.attnum), ${acl("a.attacl")})
     from tab join pg_attribute a on a.attrelid = tab.oid and a.attnum > 0 and not a.attisdropped
     left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum`,
  `select format('constraint %s %s %s validated %s comment %s', o.conrelid::regclass, o.conname, pg_get_constraintdef(o.oid), o.convalidated, obj_description(o.oid, 'pg_constraint'))
     from pg_constraint o join tab on tab.oid = o.conrelid where o.contype <> 'n' and o.conparentid = 0`,
  `select format('index %s identity %s valid %s comment %s tablespace %s statistics %s', replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON '), i.indisreplident, i.indisvalid, obj_description(i.indexrelid, 'pg_class'), (select string_agg(distinct coalesce(s.spcname, 'default'), ',')
                  from pg_class x left join pg_tablespace s on s.oid = x.reltablespace
                  where x.oid = rel.oid or x.oid in (select inhrelid from pg_inherits where inhparent = rel.oid)),
                 (select string_agg(format('%s=%s', a.attnum, a.attstattarget), ',') from pg_attribute a where a.attrelid = rel.oid and a.attstattarget >= 0))
     from pg_index i join rel on rel.oid = i.indexrelid`,
  `select format('trigger %s enabled %s comment %s', pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger'))
     from pg_trigger t join tab on tab.oid = t.tgrelid where not t.tgisinternal and t.tgname not like 'cutover\\_%'`,
  `select format('policy %s on %s permissive %s command %s roles %s using %s check %s comment %s', p.polname, tab.name, p.polpermissive, p.polcmd,
                 array(select case when r = 0 then 'public' else pg_get_userbyid(r) end from unnest(p.polroles) r), pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), obj_description(p.oid, 'pg_policy'))
     from pg_policy p join tab on tab.oid = p.polrelid`,
  `select format('rule %s enabled %s comment %s', pg_get_ruledef(r.oid), r.ev_enabled, obj_description(r.oid, 'pg_rewrite'))
     from pg_rewrite r join tab on tab.oid = r.ev_class where r.rulename <> '_RETURN'`,
  `select format('view %s options %s as %s', name, reloptions, pg_get_viewdef(oid)) from tab where relkind in ('v', 'm')`,
  `select format('publication %s via root %s of %s columns %s where %s', p.pubname, p.pubviaroot, tab.name, r.prattrs, pg_get_expr(r.prqual, r.prrelid))
     from pg_publication_rel r join tab on tab.oid = r.prrelid join pg_publication p on p.oid = r.prpubid`,
  `select format('function %s', pg_get_functiondef(p.oid)) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where p.prokind in ('f', 'p') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'cutover', 'cutover_jobs')
       and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')`,
  `select format('statistics %s about %s', pg_get_statisticsobjdef(s.oid), concat_ws(' ', s.stxstattarget, s.stxowner::regrole, obj_description(s.oid, 'pg_statistic_ext'))) from pg_statistic_ext s join tab on tab.oid = s.stxrelid`,
  `select format('sequence %s of %s %s increment %s acl %s comment %s', rel.name, d.refobjid::regclass, d.deptype, q.seqincrement, ${acl("rel.relacl", "s")}, obj_description(rel.oid, 'pg_class'))
     from rel join pg_sequence q on q.seqrelid = rel.oid
     left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = rel.oid and d.deptype in ('a', 'i') and d.refclassid = 'pg_class'::regclass`,
]
