import type { PartitionState } from "../domain/status.ts"
import { type BlockRange, parseMultirange } from "../domain/blockRanges.ts"
import { type Queryable, findOne, readOne } from "../postgres/Queryable.ts"
import { sql } from "../postgres/sql.ts"

/** One partition of a run, as its row says. Bounds are text: `from` inclusive, `to` exclusive; null for the default one. */
export type Partition = {
  readonly id: string
  readonly runId: string
  readonly label: string
  /** The table's name, in the schema of the source; null until the scaffold is built. */
  readonly tableName: string | null
  /** Of the table that the run made; null while there is none, and where an adopted scaffold has one. */
  readonly tableOid: number | null
  readonly bounds: Bounds | null
  readonly state: PartitionState
  readonly tick: number
  readonly blocks: readonly BlockRange[]
  /** The checkpoint: blocks before it are copied. */
  readonly nextBlock: number
  readonly batches: number
  /** Its rows came by a sweep of the heap: what is left are its indexes. */
  readonly isLoaded: boolean
}

export type Bounds = { readonly from: string; readonly to: string }

/** The lower bound of a partition of all that is past, as PostgreSQL writes it. */
export const unbounded = "MINVALUE"

/** A partition that the survey found rows of, or that is made for rows to come. */
export type Finding = {
  readonly label: string
  readonly bounds: Bounds | null
  readonly rows: number
  readonly blocks: string
}

/** Adds what a survey found to what earlier ones found. Each label stands there once; `blocks` is an int8multirange's text. */
export async function addFindings(tx: Queryable, runId: string, found: readonly Finding[]): Promise<void> {
  await tx.query(sql`
    insert into cutover.partitions as p (run_id, label, lower_bound, upper_bound, rows_estimated, blocks)
    select ${runId}, f.label, f.low, f.high, f.rows, f.blocks::int8multirange
    from unnest(${found.map((one) => one.label)}::text[], ${found.map((one) => one.bounds?.from ?? null)}::text[],
                ${found.map((one) => one.bounds?.to ?? null)}::text[], ${found.map((one) => one.rows)}::float8[],
                ${found.map((one) => one.blocks)}::text[]) as f (label, low, high, rows, blocks)
    on conflict (run_id, label) do update
    set rows_estimated = p.rows_estimated + excluded.rows_estimated,
        blocks = p.blocks + excluded.blocks`)
}

export async function readPartitions(db: Queryable, runId: string): Promise<Partition[]> {
  const { rows } = await db.query<PartitionRow>(
    sql`select p.* from cutover.partitions p where p.run_id = ${runId}
      order by p.lower_bound is distinct from ${unbounded}, p.lower_bound nulls last`,
  )
  return rows.map(toPartition)
}

export async function readPartition(db: Queryable, id: string): Promise<Partition> {
  return toPartition(await readOne<PartitionRow>(db, sql`select p.* from cutover.partitions p where p.id = ${id}`))
}

export async function findPartitionByLabel(
  db: Queryable,
  runId: string,
  label: string,
): Promise<Partition | undefined> {
  const row = await findOne<PartitionRow>(
    db,
    sql`select p.* from cutover.partitions p where p.run_id = ${runId} and p.label = ${label}`,
  )
  return row === undefined ? undefined : toPartition(row)
}

export async function saveTableName(tx: Queryable, id: string, tableName: string): Promise<void> {
  await tx.query(sql`update cutover.partitions set table_name = ${tableName} where id = ${id}`)
}

/** Notes which table is ours; null when it was dropped. */
export async function saveTableOid(tx: Queryable, id: string, oid: number | null): Promise<void> {
  await tx.query(sql`update cutover.partitions set table_oid = ${oid} where id = ${id}`)
}

/** How much of a partition is copied. */
export type Copied = { readonly rows: number; readonly batches: number }

export async function savePartitionState(tx: Queryable, id: string, state: PartitionState): Promise<Copied> {
  return await readOne<Copied>(
    tx,
    sql`
    update cutover.partitions
    set state = ${state},
        tick = tick + 1,
        started_at = case when ${state} = 'copying' then coalesce(started_at, clock_timestamp()) else started_at end,
        attempts = attempts + case when ${state} = 'copying' and state = 'pending' then 1 else 0 end,
        copied_at = case when ${state} = 'copied' then coalesce(copied_at, clock_timestamp()) else copied_at end,
        validated_at = case when ${state} = 'validated' then clock_timestamp() else null end
    where id = ${id}
    returning rows_copied::float8 as rows, batches`,
  )
}

/** Looks for a partition's rows in all blocks of the heap, for since the survey they may have come to be anywhere. */
export async function widenBlocks(tx: Queryable, id: string, heapBlocks: number): Promise<void> {
  await tx.query(
    sql`update cutover.partitions set blocks = int8multirange(int8range(0, ${heapBlocks})) where id = ${id}`,
  )
}

/** Notes where a replay found rows of a partition; `blocks` is an int8multirange's text. */
export async function addRelocation(tx: Queryable, runId: string, label: string, blocks: string): Promise<void> {
  await tx.query(sql`
    insert into cutover.relocations (partition_id, blocks)
    select id, ${blocks}::int8multirange from cutover.partitions where run_id = ${runId} and label = ${label}`)
}

/** All blocks that hold rows of a partition whose changes do not wait in the log: where the survey saw them, or a replay since. */
export async function readAllBlocks(tx: Queryable, partition: Partition): Promise<readonly BlockRange[]> {
  const { blocks } = await readOne<{ blocks: string }>(
    tx,
    sql`
    select (p.blocks + coalesce((select range_agg(one) from cutover.relocations r, unnest(r.blocks) as one
                                 where r.partition_id = p.id), '{}'))::text as blocks
    from cutover.partitions p
    where p.id = ${partition.id}`,
  )
  return parseMultirange(blocks)
}

/** Forgets what was copied of a partition, so that it begins anew. */
export async function clearProgress(tx: Queryable, id: string): Promise<void> {
  await tx.query(sql`delete from cutover.batches where partition_id = ${id}`)
  await tx.query(sql`delete from cutover.relocations where partition_id = ${id}`)
  await tx.query(sql`
    update cutover.partitions
    set next_block = 0, rows_copied = 0, batches = 0, is_loaded = false, started_at = null, copied_at = null, validated_at = null,
        source_rows = null, target_rows = null, source_hash = null, target_hash = null, equal = null, aggregates = null
    where id = ${id}`)
}

/** Both sides of a validated partition, and the sums of its numeric columns. */
export type Comparison = {
  readonly sourceRows: string
  readonly targetRows: string
  readonly sourceHash: string
  readonly targetHash: string
  readonly equal: boolean
  readonly aggregates: Readonly<Record<string, { readonly source: string | null; readonly target: string | null }>>
}

export async function saveComparison(tx: Queryable, id: string, found: Comparison): Promise<void> {
  await tx.query(sql`
    update cutover.partitions
    set source_rows = ${found.sourceRows}, target_rows = ${found.targetRows},
        source_hash = ${found.sourceHash}, target_hash = ${found.targetHash},
        equal = ${found.equal}, aggregates = ${JSON.stringify(found.aggregates)}
    where id = ${id}`)
}

/** How many partitions are not yet through: of copying, and of validation. */
export async function countLeft(tx: Queryable, runId: string): Promise<{ toCopy: number; toValidate: number }> {
  return await readOne(
    tx,
    sql`
    select count(*) filter (where state in ('pending', 'copying', 'indexing', 'catchingUp'))::int as "toCopy",
           count(*) filter (where state <> 'validated')::int as "toValidate"
    from cutover.partitions
    where run_id = ${runId}`,
  )
}

type PartitionRow = {
  id: string
  run_id: string
  label: string
  table_name: string | null
  table_oid: number | null
  lower_bound: string | null
  upper_bound: string | null
  state: PartitionState
  tick: string
  blocks: string
  next_block: string
  batches: number
  is_loaded: boolean
}

function toPartition(row: PartitionRow): Partition {
  return {
    id: row.id,
    runId: row.run_id,
    label: row.label,
    tableName: row.table_name,
    tableOid: row.table_oid,
    bounds:
      row.lower_bound === null || row.upper_bound === null ? null : { from: row.lower_bound, to: row.upper_bound },
    state: row.state,
    tick: Number(row.tick),
    blocks: parseMultirange(row.blocks),
    nextBlock: Number(row.next_block),
    batches: row.batches,
    isLoaded: row.is_loaded,
  }
}
