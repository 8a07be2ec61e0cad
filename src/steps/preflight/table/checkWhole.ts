import { type TableName, renderTableName } from "../../../domain/tableName.ts"
import { type Queryable, findOne } from "../../../postgres/Queryable.ts"
import { sql } from "../../../postgres/sql.ts"
import { isInstalled } from "../../../store/install.ts"
import { hasVersion } from "../../hasVersion.ts"
import { readIncomingKeys } from "../../source/readIncomingKeys.ts"
import { type Check, type Finding, type TableContext, block, orOk } from "../Check.ts"

/** What of the table that this one is a partition of keeps months from its place, or would make ATTACH work under the lock. */
export const checkWhole: Check<TableContext> = async (context) => {
  const { db, source, table } = context
  const whole = source.isPartition ? await readWhole(db, source.oid) : undefined
  if (whole === undefined) return []
  const reasons = [
    ...layoutReasons(whole),
    ...belongingReasons(context, whole),
    ...(await incomingReasons(context, whole)),
    ...(await triggerReasons(context, whole)),
    ...(await sequenceReasons(context, whole)),
    ...(await publicationReasons(context, whole)),
    ...(await runReasons(context, whole)),
  ]
  return orOk(
    reasons.map(([why, hint]) => refusedSplit(table, why, hint)),
    "CUTOVER_SPLIT_REFUSED",
    `${renderTableName(table)} is a partition of ${renderTableName(whole)}, which the swap locks with all its partitions; months can take its place.`,
  )
}

export type Reason = readonly [why: string, hint: string]

export function refusedSplit(table: TableName, why: string, hint: string): Finding {
  return block("CUTOVER_SPLIT_REFUSED", `${renderTableName(table)} cannot be split: ${why}.`, hint)
}

export type Whole = TableName & {
  readonly oid: number
  readonly owner: string
  readonly isOwned: boolean
  /** `pg_partitioned_table.partstrat`: l list, r range, h hash. */
  readonly strategy: string
  /** Null for an expression. */
  readonly columns: readonly (string | null)[]
  readonly isPartition: boolean
  /** The default partition, if there is one. */
  readonly default: string | null
  readonly isDefault: boolean
  readonly invalidIndexes: readonly string[]
  readonly exclusions: readonly string[]
  /** Foreign keys of it to itself. */
  readonly selfKeys: readonly string[]
}

export async function readWhole(db: Queryable, oid: number): Promise<Whole | undefined> {
  return await findOne<Whole>(
    db,
    sql`
    select w.oid, n.nspname as schema, w.relname as name, pg_get_userbyid(w.relowner) as owner,
           pg_has_role(w.relowner, 'USAGE') as "isOwned", p.partstrat as strategy, w.relispartition as "isPartition",
           (select json_agg(a.attname order by k.n)
            from unnest(p.partattrs::int[]) with ordinality as k (attnum, n)
            left join pg_attribute a on a.attrelid = w.oid and a.attnum = k.attnum and k.attnum <> 0) as columns,
           nullif(p.partdefid, 0)::regclass::text as default, p.partdefid = ${oid}::oid as "isDefault",
           array(select x.indexrelid::regclass::text from pg_index x where x.indrelid = w.oid and not x.indisvalid order by 1) as "invalidIndexes",
           array(select o.conname::text from pg_constraint o where o.conrelid = w.oid and o.contype = 'x' order by 1) as exclusions,
           array(select o.conname::text from pg_constraint o
                 where o.conrelid = w.oid and o.contype = 'f' and o.confrelid = w.oid and o.conparentid = 0 order by 1) as "selfKeys"
    from pg_inherits i
    join pg_class w on w.oid = i.inhparent
    join pg_namespace n on n.oid = w.relnamespace
    join pg_partitioned_table p on p.partrelid = w.oid
    where i.inhrelid = ${oid}`,
  )
}

/** Only a range of one column can be cut into ranges of it; a default partition would be read by ATTACH. */
function layoutReasons(whole: Whole): Reason[] {
  const name = renderTableName(whole)
  if (!whole.isOwned)
    return [[`${name} belongs to ${whole.owner}`, `Run it as a role that is a member of ${whole.owner}.`]]
  if (whole.isPartition)
    return [
      [`${name} is itself a partition, and only one level is looked after`, "Name a partition of the table on top."],
    ]
  if (whole.strategy !== "r" || whole.columns.length !== 1 || whole.columns[0] === null)
    return [
      [
        `${name} is not partitioned by range of one column`,
        "Detach the partition, and launch for it as a table of its own.",
      ],
    ]
  if (whole.isDefault)
    return [
      [
        "it is the default partition, which has no range of its own",
        "Make partitions for its rows by hand, or detach it.",
      ],
    ]
  if (whole.default !== null)
    return [
      [
        `${name} has a default partition, ${whole.default}, which would be read under the lock`,
        `Detach it first: alter table ${name} detach partition ${whole.default}.`,
      ],
    ]
  return []
}

function belongingReasons({ source }: TableContext, whole: Whole): Reason[] {
  const name = renderTableName(whole)
  return [
    ...whole.invalidIndexes.map((index): Reason => [
      `index ${index} of ${name} is not valid, so some partition lacks it`,
      "Build it on every partition and attach it, or drop it.",
    ]),
    ...whole.exclusions.map((constraint): Reason => [
      `ATTACH would build the exclusion constraint ${constraint} of ${name} anew, under the lock`,
      "Drop it first.",
    ]),
    ...whole.selfKeys.map((key): Reason => [
      `foreign key ${key} of ${name} points to itself`,
      "Drop it for the time of the run, and make it again afterwards.",
    ]),
    ...source.sequences
      .filter((one) => one.dependency === "i")
      .map(({ column }): Reason => [
        `its column ${column} is an identity of its own, which a partition cannot have from PostgreSQL 17 on`,
        `Drop it first: alter column ${column} drop identity.`,
      ]),
  ]
}

/** A key of a partitioned table comes NOT VALID from PostgreSQL 18 on; before, all its rows would be read under the lock. */
async function incomingReasons({ db }: TableContext, whole: Whole): Promise<Reason[]> {
  const keys = await readIncomingKeys(db, whole.oid, whole.columns[0] ?? "")
  return keys
    .filter((key) => key.isOfPartitioned)
    .map((key) => [
      `foreign key ${key.name} of the partitioned table ${renderTableName({ schema: key.schema, name: key.table })} points to ${renderTableName(whole)}, and would be read under the lock`,
      "Drop it for the time of the run, and make it again afterwards.",
    ])
}

/** ATTACH makes a trigger of the whole as it is there; what was said of it on this partition alone would be lost. */
async function triggerReasons({ db, source }: TableContext, whole: Whole): Promise<Reason[]> {
  const { rows } = await db.query<{ name: string }>(sql`
    select quote_ident(t.tgname) as name
    from pg_trigger t
    join pg_trigger p on p.oid = t.tgparentid
    where t.tgrelid = ${source.oid} and not t.tgisinternal and t.tgenabled <> p.tgenabled
    order by 1`)
  return rows.map(({ name }) => [
    `trigger ${name} is enabled otherwise than on ${renderTableName(whole)}`,
    `Enable or disable it on both alike: alter table … enable trigger ${name}.`,
  ])
}

/** From PostgreSQL 17 on the identity of the whole gets another sequence in the swap (`wholeIdentities`). */
async function sequenceReasons({ db }: TableContext, whole: Whole): Promise<Reason[]> {
  if (!(await hasVersion(db, 17))) return []
  const { rows } = await db.query<{ sequence: string; who: string }>(sql`
    select distinct s.oid::regclass::text as sequence, pg_describe_object(u.classid, u.objid, u.objsubid) as who
    from pg_depend own
    join pg_class s on s.oid = own.objid and s.relkind = 'S'
    join pg_depend u on u.refclassid = 'pg_class'::regclass and u.refobjid = s.oid and u.deptype = 'n'
    where own.classid = 'pg_class'::regclass and own.refclassid = 'pg_class'::regclass and own.deptype = 'i'
      and own.refobjid = ${whole.oid}
    order by 1, 2`)
  return rows.map(({ sequence, who }) => [
    `${who} uses ${sequence}, the sequence of an identity of ${renderTableName(whole)}, which gets another one in the swap`,
    "Give it a sequence of its own first.",
  ])
}

/** Subscribers know a partition by its name, unless they see it under that of the whole. */
async function publicationReasons({ db, source }: TableContext, whole: Whole): Promise<Reason[]> {
  const { rows } = await db.query<{ publication: string; isOwn: boolean }>(sql`
    select quote_ident(p.pubname) as publication, r.prrelid = ${source.oid} as "isOwn"
    from pg_publication_rel r
    join pg_publication p on p.oid = r.prpubid
    where r.prrelid = ${source.oid} or (r.prrelid = ${whole.oid} and not p.pubviaroot)
    order by 1`)
  return rows.map(({ publication, isOwn }) =>
    isOwn
      ? [
          `publication ${publication} names it, and would not name its months`,
          `Let the publication name ${renderTableName(whole)}, with publish_via_partition_root = true.`,
        ]
      : [
          `publication ${publication} publishes the partitions of ${renderTableName(whole)} under their own names, and subscribers do not know the months`,
          `First: alter publication ${publication} set (publish_via_partition_root = true).`,
        ],
  )
}

/** A run that made the whole goes back by putting what was there before in its place: not once that is cut to pieces. */
async function runReasons({ db }: TableContext, whole: Whole): Promise<Reason[]> {
  if (!(await isInstalled(db))) return []
  const { rows } = await db.query<{ id: string; table: string; until: string | null }>(sql`
    select r.id, quote_ident(r.table_schema) || '.' || quote_ident(r.table_name) as table,
           to_char(r.fallback_until at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') as until
    from cutover.runs r
    where r.target_oid = ${whole.oid} and r.finished_at is null
    order by r.launched_at`)
  return rows.map(({ id, table, until }) => [
    `run ${id} of ${table} is open${until === null ? "" : `, with a fallback window until ${until} UTC`}, and could not be rolled back any more`,
    `Wait until it has ended, or end it: cutover cleanup ${id} --confirm ${table} --before-window --reason "…"`,
  ])
}
