import type { RunOptions } from "../config/runOptions.ts"
import type { Control, RunState } from "../domain/status.ts"
import type { TableName } from "../domain/tableName.ts"
import { CutoverError, type ErrorDocument, nothingChanged } from "../errors/CutoverError.ts"
import type { Advanced, StoredSnapshot } from "../machine/advance.ts"
import { type Queryable, findOne, readOne } from "../postgres/Queryable.ts"
import { type Sql, sql } from "../postgres/sql.ts"
import type { Blueprint } from "./Blueprint.ts"

export type Strategy = "months" | "sweep" | "relabel"

export type KeyType = "date" | "timestamp" | "timestamptz"

/** One cutover of one table, as its row says. Times are PostgreSQL's text, in UTC. */
export type Run = {
  readonly id: string
  readonly sourceOid: number
  readonly targetOid: number | null
  readonly table: TableName
  readonly key: { readonly column: string; readonly type: KeyType }
  readonly options: StoredOptions
  readonly stored: StoredSnapshot
  readonly state: RunState
  readonly control: Control
  readonly reason: string | null
  readonly error: ErrorDocument | null
  readonly epoch: number
  readonly tick: number
  /** The file that holds the source's rows (`pg_relation_filenode`); null before writes were guarded. */
  readonly heapFile: string | null
  /** Size of the source's heap when writes were guarded; null before. */
  readonly heapBlocks: number | null
  readonly surveyedBlocks: number
  /** Size of the next batch. */
  readonly batchBlocks: number
  /** How rows are found: month by month in the blocks that hold each, or in one sweep of the heap; null before the survey. */
  readonly strategy: Strategy | null
  readonly blueprint: Blueprint | null
  readonly fingerprint: string | null
  /** What the catalog says of the triggers that guard the source: any change of them changes it. */
  readonly guardMark: string | null
  readonly gateOpened: boolean
  /** Why batches are put off; null while they are not. */
  readonly throttled: string | null
  readonly swappedAt: string | null
  readonly fallbackUntil: string | null
  readonly legacyTable: string | null
  readonly finishedAt: string | null
}

/** What a run was launched with, and whether the opt-in variable, if one was asked for, was set then. */
export type StoredOptions = RunOptions & { readonly isOptedIn: boolean }

export type NewRun = {
  readonly id: string
  readonly sourceOid: number
  readonly table: TableName
  readonly key: Run["key"]
  readonly options: StoredOptions
  readonly batchBlocks: number
  readonly launchedBy: string
}

/** Writes a run's first row. A unique violation (23505) means that another run of the table is open. */
export async function insertRun(tx: Queryable, run: NewRun, begun: Advanced): Promise<void> {
  await tx.query(sql`
    insert into cutover.runs (id, source_oid, table_schema, table_name, key_column, key_type, options,
                              machine_version, snapshot, state, control, epoch, batch_blocks, launched_by)
    values (${run.id}, ${run.sourceOid}, ${run.table.schema}, ${run.table.name}, ${run.key.column}, ${run.key.type},
            ${JSON.stringify(run.options)}, ${begun.stored.machineVersion}, ${JSON.stringify(begun.stored.snapshot)},
            ${begun.state}, ${begun.control}, ${begun.context.epoch}, ${run.batchBlocks}, ${run.launchedBy})`)
}

export async function findRunById(db: Queryable, id: string): Promise<Run | undefined> {
  return await findRun(db, sql`r.id = ${id}`)
}

export async function readRun(db: Queryable, id: string): Promise<Run> {
  const run = await findRunById(db, id)
  if (run === undefined) throw unknownRun(id)
  return run
}

/** Where a run is, in a few bytes: for who asks again and again. */
export async function readPosition(db: Queryable, id: string): Promise<Pick<Run, "state" | "control" | "finishedAt">> {
  return await readOne(db, sql`select state, control, finished_at as "finishedAt" from cutover.runs where id = ${id}`)
}

/** The latest run of a table, open or not. */
export async function findLatestRun(db: Queryable, table: TableName): Promise<Run | undefined> {
  return await findRun(db, sql`r.table_schema = ${table.schema} and r.table_name = ${table.name}`)
}

export async function findOpenRunOf(db: Queryable, sourceOid: number): Promise<Run | undefined> {
  return await findRun(db, sql`r.source_oid = ${sourceOid} and r.finished_at is null`)
}

export async function readOpenRuns(db: Queryable): Promise<Run[]> {
  const { rows } = await db.query<RunRow>(sql`${selectRun} where r.finished_at is null order by r.launched_at`)
  return rows.map(toRun)
}

/** Locks the run's row until the transaction ends, against other changes of its state and not against readers. */
export async function lockRun(tx: Queryable, id: string): Promise<Run> {
  const row = await findOne<RunRow>(tx, sql`${selectRun} where r.id = ${id} for no key update`)
  if (row === undefined) throw unknownRun(id)
  return toRun(row)
}

/** Stores where a run has got to, and returns it. The caller holds its lock. */
export async function saveAdvanced(tx: Queryable, run: Run, next: Advanced, facts: { retries: number }): Promise<Run> {
  const row = await readOne<RunRow>(
    tx,
    sql`
    update cutover.runs r
    set machine_version = ${next.stored.machineVersion},
        snapshot = ${JSON.stringify(next.stored.snapshot)},
        state = ${next.state},
        control = ${next.control},
        reason = ${next.context.reason},
        error = ${next.context.error === null ? null : JSON.stringify(next.context.error)},
        epoch = ${next.context.epoch},
        tick = tick + 1,
        retries = retries + ${facts.retries},
        updated_at = clock_timestamp()
    where id = ${run.id}
    returning r.*`,
  )
  return toRun(row)
}

export async function saveFinished(tx: Queryable, id: string): Promise<void> {
  await tx.query(sql`update cutover.runs set finished_at = clock_timestamp() where id = ${id}`)
}

/** What the steps found out or did, kept with the run. */
export type RunFacts = Partial<{
  targetOid: number
  heapFile: string
  heapBlocks: number
  surveyedBlocks: number
  batchBlocks: number
  strategy: Strategy
  blueprint: Blueprint
  fingerprint: string
  guardMark: string
  legacyTable: string
}>

export async function saveRunFacts(tx: Queryable, id: string, facts: RunFacts): Promise<void> {
  await tx.query(sql`
    update cutover.runs
    set target_oid = coalesce(${facts.targetOid ?? null}::bigint::oid, target_oid),
        heap_file = coalesce(${facts.heapFile ?? null}, heap_file),
        heap_blocks = coalesce(${facts.heapBlocks ?? null}, heap_blocks),
        surveyed_blocks = coalesce(${facts.surveyedBlocks ?? null}, surveyed_blocks),
        batch_blocks = coalesce(${facts.batchBlocks ?? null}, batch_blocks),
        strategy = coalesce(${facts.strategy ?? null}, strategy),
        blueprint = coalesce(${facts.blueprint === undefined ? null : JSON.stringify(facts.blueprint)}::jsonb, blueprint),
        fingerprint = coalesce(${facts.fingerprint ?? null}, fingerprint),
        guard_mark = coalesce(${facts.guardMark ?? null}, guard_mark),
        legacy_table = coalesce(${facts.legacyTable ?? null}, legacy_table)
    where id = ${id}`)
}

/** What a note about the throttle came to: it began, it ended, or there was nothing new in it. */
export type ThrottleNews = "began" | "ended" | "nothing"

/**
 * Notes why batches are put off, null when they go on. Returns undefined where that was known, and the run is not locked;
 * else the run is locked until the transaction ends, also where somebody else was quicker to note the same.
 */
export async function saveThrottled(
  tx: Queryable,
  { id, throttled }: Run,
  reason: string | null,
): Promise<ThrottleNews | undefined> {
  if (throttled === reason) return undefined
  const row = await findOne<{ before: string | null }>(
    tx,
    sql`
    with it as (select id, throttled from cutover.runs where id = ${id} and throttled is distinct from ${reason} for no key update)
    update cutover.runs r set throttled = ${reason} from it where r.id = it.id
    returning it.throttled as before`,
  )
  if (row === undefined) return "nothing"
  if (reason === null) return "ended"
  return row.before === null ? "began" : "nothing"
}

/** Options that were changed while the run lives. */
export async function saveOptions(tx: Queryable, id: string, options: StoredOptions): Promise<void> {
  await tx.query(
    sql`update cutover.runs set options = ${JSON.stringify(options)}, updated_at = clock_timestamp() where id = ${id}`,
  )
}

export function unknownRun(reference: string): CutoverError {
  return new CutoverError("CUTOVER_RUN_UNKNOWN", {
    message: `There is no run ${reference}.`,
    state: nothingChanged,
    hint: "`cutover status` lists the runs of this database.",
    details: { run: reference },
  })
}

async function findRun(db: Queryable, condition: Sql): Promise<Run | undefined> {
  const row = await findOne<RunRow>(db, sql`${selectRun} where ${condition} order by r.launched_at desc limit 1`)
  return row === undefined ? undefined : toRun(row)
}

const selectRun = sql`select r.* from cutover.runs r`

type RunRow = {
  id: string
  source_oid: number
  target_oid: number | null
  table_schema: string
  table_name: string
  key_column: string
  key_type: KeyType
  options: StoredOptions
  machine_version: number
  snapshot: unknown
  state: RunState
  control: Control
  reason: string | null
  error: ErrorDocument | null
  epoch: number
  tick: string
  heap_file: string | null
  heap_blocks: string | null
  surveyed_blocks: string
  batch_blocks: string
  strategy: Strategy | null
  blueprint: Blueprint | null
  fingerprint: string | null
  guard_mark: string | null
  gate_opened_at: string | null
  throttled: string | null
  swapped_at: string | null
  fallback_until: string | null
  legacy_table: string | null
  finished_at: string | null
}

function toRun(row: RunRow): Run {
  return {
    id: row.id,
    sourceOid: row.source_oid,
    targetOid: row.target_oid,
    table: { schema: row.table_schema, name: row.table_name },
    key: { column: row.key_column, type: row.key_type },
    options: row.options,
    stored: { machineVersion: row.machine_version, snapshot: row.snapshot },
    state: row.state,
    control: row.control,
    reason: row.reason,
    error: row.error,
    epoch: row.epoch,
    tick: Number(row.tick),
    heapFile: row.heap_file,
    heapBlocks: row.heap_blocks === null ? null : Number(row.heap_blocks),
    surveyedBlocks: Number(row.surveyed_blocks),
    batchBlocks: Number(row.batch_blocks),
    strategy: row.strategy,
    blueprint: row.blueprint,
    fingerprint: row.fingerprint,
    guardMark: row.guard_mark,
    gateOpened: row.gate_opened_at !== null,
    throttled: row.throttled,
    swappedAt: row.swapped_at,
    fallbackUntil: row.fallback_until,
    legacyTable: row.legacy_table,
    finishedAt: row.finished_at,
  }
}
