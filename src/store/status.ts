import { formatDuration } from "../domain/duration.ts"
import { etaMs } from "../domain/progress.ts"
import type { Control, Count, PartitionState, RunState, Status } from "../domain/status.ts"
import { renderTableName } from "../domain/tableName.ts"
import type { ErrorDocument } from "../errors/CutoverError.ts"
import { type Queryable, findOne } from "../postgres/Queryable.ts"
import { type Sql, sql } from "../postgres/sql.ts"
import { changeLogOf, countKeysIfAny, reverseLogOf } from "./changeLog.ts"
import { isInstalled } from "./install.ts"
import { findLongStatement } from "./longStatement.ts"
import { unbounded } from "./partitions.ts"
import { unknownRun } from "./runs.ts"
import { readLiveWorkers } from "./workers.ts"

/** One run as people and scripts see it, from one statement, so of one moment. */
export async function readStatus(db: Queryable, runId: string): Promise<Status> {
  const row = await findOne<{ facts: RunFacts }>(db, sql`${statusFacts} where r.id = ${runId}`)
  if (row === undefined) throw unknownRun(runId)
  return await completed(db, row.facts)
}

/** All runs, the newest first; none where our schema is not installed. */
export async function readStatuses(db: Queryable): Promise<Status[]> {
  if (!(await isInstalled(db))) return []
  const { rows } = await db.query<{ facts: RunFacts }>(sql`${statusFacts} order by r.launched_at desc`)
  return await Promise.all(rows.map(async ({ facts }) => await completed(db, facts)))
}

/** Beyond this, changes that wait are not counted to the end. */
const mostChanges = 1_000_000

/** Adds what only an open run has: workers alive, changes that wait, and what takes long. */
async function completed(db: Queryable, facts: RunFacts): Promise<Status> {
  if (facts.finishedAt !== null) return toStatus(facts, { workers: 0, changesPending: 0, busy: null })
  const workers = await readLiveWorkers(db, facts.id)
  const log = facts.swappedAt === null ? changeLogOf(facts) : reverseLogOf(facts)
  const changesPending = await countKeysIfAny(db, log, mostChanges)
  return toStatus(facts, { workers: workers.length, changesPending, busy: await readBusy(db, facts) })
}

/** Where nothing else is to be said of a run that goes on. */
async function readBusy(db: Queryable, { id, control, reason, throttled }: RunFacts): Promise<string | null> {
  if (control !== "running" || reason !== null || throttled !== null) return null
  const long = await findLongStatement(db, id)
  return long === undefined ? null : `busy for ${formatDuration(long.ms)} with: ${long.text}`
}

type RunFacts = {
  readonly id: string
  readonly schema: string
  readonly name: string
  readonly by: string
  readonly interval: string
  readonly state: RunState
  readonly control: Control
  readonly reason: string | null
  readonly throttled: string | null
  readonly error: ErrorDocument | null
  readonly launchedAt: string
  readonly updatedAt: string
  readonly finishedAt: string | null
  readonly retries: number
  readonly attempts: number
  readonly lockHeldMs: number | null
  readonly swappedAt: string | null
  readonly fallbackUntil: string | null
  readonly legacyTable: string | null
  /** Rows of the batches of the last seconds, and over how many milliseconds they were copied. */
  readonly lately: { readonly rows: number; readonly ms: number }
  readonly lastMinute: { readonly rows: number; readonly ms: number }
  readonly partitions: readonly PartitionFacts[]
}

type PartitionFacts = {
  readonly label: string
  readonly table: string | null
  readonly from: string | null
  readonly to: string | null
  readonly state: PartitionState
  readonly rowsEstimated: string
  readonly rowsCopied: string
  readonly batches: number
  readonly attempts: number
  readonly startedAt: string | null
  readonly copiedAt: string | null
  readonly validatedAt: string | null
  readonly sourceRows: string | null
  readonly targetRows: string | null
  readonly equal: boolean | null
}

const isoTime = (column: Sql): Sql => sql`to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** Rows copied within the last seconds, and how long that took: from the start of the first such batch until now. */
const copiedWithin = (seconds: number): Sql => sql`(
  select json_build_object(
    'rows', coalesce(sum(b.rows), 0)::float8,
    'ms', coalesce(least(${seconds}::float8 * 1000, extract(epoch from clock_timestamp() - min(b.committed_at - b.elapsed_ms * interval '1 millisecond')) * 1000), 0)::float8)
  from cutover.batches b
  join cutover.partitions p on p.id = b.partition_id
  where p.run_id = r.id and b.committed_at > clock_timestamp() - ${seconds}::float8 * interval '1 second')`

const partitionFacts = sql`
  select coalesce(json_agg(json_build_object(
    'label', p.label, 'table', p.table_name, 'from', p.lower_bound, 'to', p.upper_bound, 'state', case when p.state = 'pending' and p.batches > 0 then 'copying' else p.state end,
    'rowsEstimated', p.rows_estimated::text, 'rowsCopied', p.rows_copied::text,
    'batches', p.batches, 'attempts', p.attempts,
    'startedAt', ${isoTime(sql`p.started_at`)}, 'copiedAt', ${isoTime(sql`p.copied_at`)},
    'validatedAt', ${isoTime(sql`p.validated_at`)},
    'sourceRows', p.source_rows::text, 'targetRows', p.target_rows::text, 'equal', p.equal
  ) order by p.lower_bound is distinct from ${unbounded}, p.lower_bound nulls last), '[]')
  from cutover.partitions p
  where p.run_id = r.id`

const statusFacts = sql`
  select json_build_object(
    'id', r.id, 'schema', r.table_schema, 'name', r.table_name, 'by', r.key_column, 'interval', r.options ->> 'interval',
    'state', r.state, 'control', r.control, 'reason', r.reason, 'throttled', r.throttled, 'error', r.error,
    'launchedAt', ${isoTime(sql`r.launched_at`)}, 'updatedAt', ${isoTime(sql`r.updated_at`)},
    'finishedAt', ${isoTime(sql`r.finished_at`)},
    'retries', r.retries, 'attempts', r.attach_attempts, 'lockHeldMs', r.lock_held_ms,
    'swappedAt', ${isoTime(sql`r.swapped_at`)}, 'fallbackUntil', ${isoTime(sql`r.fallback_until`)},
    'legacyTable', r.legacy_table,
    'lately', ${copiedWithin(10)},
    'lastMinute', ${copiedWithin(60)},
    'partitions', (${partitionFacts})
  ) as facts
  from cutover.runs r`

type LiveFacts = { readonly workers: number; readonly changesPending: number; readonly busy: string | null }

function toStatus(facts: RunFacts, { workers, changesPending, busy }: LiveFacts): Status {
  const { partitions } = facts
  const rowsCopied = sum(partitions.map((one) => one.rowsCopied))
  const rowsEstimated = sum(partitions.map((one) => one.rowsEstimated))
  const isCopying = facts.state === "copy" && facts.control === "running" && facts.lately.ms > 0
  return {
    schemaVersion: 1,
    run: {
      id: facts.id,
      table: renderTableName(facts),
      by: facts.by,
      interval: facts.interval,
      state: facts.state,
      control: facts.control,
      reason: facts.control === "running" ? (facts.reason ?? facts.throttled ?? busy) : facts.reason,
      error: facts.error,
      launchedAt: facts.launchedAt,
      updatedAt: facts.updatedAt,
      finishedAt: facts.finishedAt,
      workers,
    },
    totals: {
      partitions: partitions.length,
      copied: partitions.filter((one) => isCopied(one.state)).length,
      validated: partitions.filter((one) => one.state === "validated").length,
      rowsCopied: toCount(rowsCopied),
      rowsEstimated: toCount(rowsEstimated),
      rowsPerSecond: isCopying ? Math.round((facts.lately.rows * 1000) / facts.lately.ms) : 0,
      etaMs: isCopying ? etaOf(facts, Number(rowsEstimated - rowsCopied)) : null,
      changesPending,
      batches: partitions.reduce((all, one) => all + one.batches, 0),
      retries: facts.retries,
    },
    attach: {
      attempts: facts.attempts,
      lockHeldMs: facts.lockHeldMs === null ? null : Math.round(facts.lockHeldMs * 10) / 10,
      swappedAt: facts.swappedAt,
      fallbackUntil: facts.fallbackUntil,
      legacyTable: facts.legacyTable,
    },
    partitions: partitions.map((one) => ({
      ...one,
      table: one.table === null ? "" : renderTableName({ schema: facts.schema, name: one.table }),
      from: one.from ?? "",
      to: one.to ?? "",
      rowsEstimated: toCount(BigInt(one.rowsEstimated)),
      rowsCopied: toCount(BigInt(one.rowsCopied)),
      sourceRows: one.sourceRows === null ? null : toCount(BigInt(one.sourceRows)),
      targetRows: one.targetRows === null ? null : toCount(BigInt(one.targetRows)),
    })),
  }
}

function isCopied(state: PartitionState): boolean {
  return state === "copied" || state === "validating" || state === "validated"
}

/** At the speed of the last minute, in which pauses and restarts before it do not count. */
function etaOf({ lastMinute }: RunFacts, left: number): number | null {
  return etaMs({ rowsCopied: lastMinute.rows, rowsEstimated: lastMinute.rows + left, copyingMs: lastMinute.ms })
}

function sum(counts: readonly string[]): bigint {
  return counts.reduce((all, one) => all + BigInt(one), 0n)
}

function toCount(count: bigint): Count {
  return count <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(count) : count.toString()
}
