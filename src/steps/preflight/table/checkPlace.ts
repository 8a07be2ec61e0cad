import { type TableName, renderTableName } from "../../../domain/tableName.ts"
import { type Queryable, findOne } from "../../../postgres/Queryable.ts"
import { sql } from "../../../postgres/sql.ts"
import { isInstalled } from "../../../store/install.ts"
import { isOldKey } from "../../prep/blueprint.ts"
import { relabels } from "../../relabel/relabels.ts"
import { findPlace, renderPlace } from "../../split/place.ts"
import { type Check, type CheckContext, type Finding, block, ok, orOk, warn } from "../Check.ts"

/** What keeps a partition of another table from becoming months, or would make ATTACH work under the lock. */
export const checkPlace: Check = async (context) => {
  const { db, source, table } = context
  if (!source.isPartition) return []
  const whole = await readWhole(db, source.oid)
  if (whole === undefined) return [refused(context, "the table that it is a partition of is gone", "Look again.")]
  const reasons = [
    ...optionReasons(context),
    ...layoutReasons(context, whole),
    ...belongingReasons(context, whole),
    ...(await publicationReasons(context, whole)),
    ...(await runReasons(context, whole)),
  ]
  const place = await findPlace(db, source.oid)
  const found = reasons.map(([why, hint]) => refused(context, why, hint))
  return [
    ...orOk(
      found,
      "CUTOVER_SPLIT_REFUSED",
      `${renderTableName(table)} is the partition ${place === undefined ? "" : renderPlace(place)}, and its months take that place.`,
    ),
    ...oldKeyFindings(context),
  ]
}

type Reason = readonly [why: string, hint: string]

function refused({ table }: CheckContext, why: string, hint: string): Finding {
  return block("CUTOVER_SPLIT_REFUSED", `${renderTableName(table)} cannot be split: ${why}.`, hint)
}

type Whole = TableName & {
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
  readonly foreignKeys: readonly string[]
  readonly incomingKeys: readonly string[]
  readonly identities: readonly string[]
}

async function readWhole(db: Queryable, oid: number): Promise<Whole | undefined> {
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
           array(select o.conname::text from pg_constraint o where o.conrelid = w.oid and o.contype = 'f' order by 1) as "foreignKeys",
           array(select o.conname || ' of ' || o.conrelid::regclass::text from pg_constraint o
                 where o.confrelid = w.oid and o.contype = 'f' and o.conparentid = 0 order by 1) as "incomingKeys",
           array(select a.attname::text from pg_attribute a where a.attrelid = w.oid and a.attidentity <> '' order by 1) as identities
    from pg_inherits i
    join pg_class w on w.oid = i.inhparent
    join pg_namespace n on n.oid = w.relnamespace
    join pg_partitioned_table p on p.partrelid = w.oid
    where i.inhrelid = ${oid}`,
  )
}

function optionReasons({ options, table }: CheckContext): Reason[] {
  return [
    ...(relabels({ options })
      ? [["it is a partition already, and cannot become one", "Launch without --strategy relabel."] as const]
      : []),
    ...(options.nullKeys === "refuse"
      ? []
      : [
          [
            "no row without a key is in a range",
            `Leave --null-keys at refuse: ${renderTableName(table)} has none.`,
          ] as const,
        ]),
  ]
}

/** Only a range of one column can be cut into ranges of it; a default partition would be read by ATTACH. */
function layoutReasons({ key }: CheckContext, whole: Whole): Reason[] {
  const name = renderTableName(whole)
  const [column] = whole.columns
  if (!whole.isOwned)
    return [[`${name} belongs to ${whole.owner}`, `Run it as a role that is a member of ${whole.owner}.`]]
  if (whole.isPartition)
    return [
      [
        `${name} is itself a partition, and only one level is looked after`,
        "Name a partition of the table that is on top.",
      ],
    ]
  if (whole.strategy !== "r" || whole.columns.length !== 1 || column === null)
    return [
      [
        `${name} is not partitioned by range of one column`,
        "Detach the partition, and launch for it as a table of its own.",
      ],
    ]
  if (column !== key.column)
    return [[`${name} is partitioned by ${column ?? ""} and not by ${key.column}`, `Launch with --by ${column ?? ""}.`]]
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

function belongingReasons({ source }: CheckContext, whole: Whole): Reason[] {
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
    ...whole.foreignKeys.map((one): Reason => [
      `foreign key ${one} of ${name} would be read under the lock`,
      "Drop it for the time of the run, and make it again afterwards.",
    ]),
    ...whole.incomingKeys.map((one): Reason => [
      `foreign key ${one} points to ${name}, and would be read under the lock`,
      "Drop it for the time of the run, and make it again afterwards.",
    ]),
    ...whole.identities.map((column): Reason => [
      `column ${column} of ${name} is an identity, which does not reach partitions of partitions`,
      "Drop it for the time of the run, and make it again afterwards.",
    ]),
    ...source.sequences
      .filter((one) => one.dependency === "i")
      .map((one): Reason => [
        `its column ${one.column} is an identity of its own, which a partition cannot have from PostgreSQL 17 on`,
        `Drop it first: alter column ${one.column} drop identity.`,
      ]),
  ]
}

/** Subscribers know a partition by its name, unless they see it under that of the whole. */
async function publicationReasons({ db, source }: CheckContext, whole: Whole): Promise<Reason[]> {
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
async function runReasons({ db }: CheckContext, whole: Whole): Promise<Reason[]> {
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

/** Of months nobody can say that a number is in none of the others. */
function oldKeyFindings({ source, table, key }: CheckContext): Finding[] {
  const old = source.indexes.find((index) => isOldKey(source, index, key.column))
  if (old === undefined) return [ok("CUTOVER_KEY_WIDENED", "no key of it is stricter than those of its months.")]
  return [
    warn(
      "CUTOVER_KEY_WIDENED",
      `${old.name} keeps (${old.keyList ?? ""}) unique within ${renderTableName(table)}; its months cannot, so rows of different months may then have the same.`,
      "It stays on the legacy table, and is there again after a rollback. A sequence makes no such pair; other writers might.",
    ),
  ]
}
