import { formatDuration } from "../../domain/duration.ts"
import { formatSize } from "../../domain/size.ts"
import { msUntilOpen, renderWindow } from "../../domain/timeWindow.ts"
import { type Queryable, findOne, readOne } from "../../postgres/Queryable.ts"
import { type Sql, sql } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import { askUser } from "./askUser.ts"
import { measureWal } from "./measureWal.ts"

/** Why the next batch is not to begin now, and when to look again. */
export type Limit = { readonly reason: string; readonly retryMs: number }

/** Asks one thing; undefined where nothing speaks against the next batch, or nothing was asked for. */
type Ask = (tx: Queryable, run: Run) => Promise<Limit | undefined>

/** Hours are known beforehand, but a person may change them. */
const forgetfulMs = 5_000

/** What is looked at is gone or better within about this long. */
const lookAgainMs = 1_000

const hours: Ask = async (tx, { options: { copyWindow, timezone } }) => {
  if (copyWindow === null) return undefined
  const { now } = await readOne<{ now: string }>(
    tx,
    sql`select to_char(clock_timestamp() at time zone ${timezone}, 'HH24:MI:SS') as now`,
  )
  const waitMs = msUntilOpen(copyWindow, now)
  if (waitMs === 0) return undefined
  return limit(`it works within ${renderWindow(copyWindow)} ${timezone} only`, Math.min(waitMs, forgetfulMs))
}

/** Time by which a replica is behind; one that has replayed everything says nothing (PostgreSQL manual, pg_stat_replication). */
const replicaLag: Ask = async (tx, { options: { maxReplicaLagMs } }) => {
  if (maxReplicaLagMs === null) return undefined
  const replica = await findOne<{ name: string; ms: number }>(
    tx,
    sql`
    select coalesce(nullif(application_name, ''), pid::text) as name, extract(epoch from replay_lag)::float8 * 1000 as ms
    from pg_stat_replication
    where replay_lag > ${maxReplicaLagMs}::float8 * interval '1 millisecond'
    order by replay_lag desc
    limit 1`,
  )
  if (replica === undefined) return undefined
  return limit(
    `replica ${replica.name} is ${formatDuration(replica.ms)} behind, and ${formatDuration(maxReplicaLagMs)} is allowed`,
  )
}

const walRate: Ask = async (tx, { options: { maxWalPerSecond } }) => {
  if (maxWalPerSecond === null) return undefined
  const perSecond = await measureWal(tx)
  if (perSecond === undefined || perSecond <= maxWalPerSecond) return undefined
  return limit(`the server writes ${formatSize(perSecond)}/s of WAL, and ${formatSize(maxWalPerSecond)}/s is allowed`)
}

const waitingSessions: Ask = async (tx, { options: { maxWaiting } }) => {
  if (maxWaiting === null) return undefined
  const waiting = await countSessions(tx, sql`wait_event_type = 'Lock'`)
  return waiting <= maxWaiting ? undefined : limit(`${waiting} sessions wait for locks, and ${maxWaiting} may`)
}

const activeSessions: Ask = async (tx, { options: { maxActive } }) => {
  if (maxActive === null) return undefined
  const active = await countSessions(tx, sql`state = 'active'`)
  return active <= maxActive ? undefined : limit(`${active} sessions are active, and ${maxActive} may be`)
}

/** Batches of the last ten minutes may not have copied more than that time allows. */
const rowsPerSecond: Ask = async (tx, run) => {
  const { maxRowsPerSecond } = run.options
  if (maxRowsPerSecond === null) return undefined
  const { rows, ms } = await readOne<{ rows: number; ms: number }>(
    tx,
    sql`
    select coalesce(sum(b.rows), 0)::float8 as rows,
           coalesce(extract(epoch from clock_timestamp() - min(b.committed_at - b.elapsed_ms * interval '1 millisecond')), 0)::float8 * 1000 as ms
    from cutover.batches b
    join cutover.partitions p on p.id = b.partition_id
    where p.run_id = ${run.id} and b.committed_at > clock_timestamp() - interval '10 minutes'`,
  )
  const waitMs = (rows * 1000) / maxRowsPerSecond - ms
  if (waitMs <= 0) return undefined
  return limit(`${maxRowsPerSecond} rows/s are allowed`, Math.min(waitMs, lookAgainMs))
}

const users: Ask = async (tx, run) => {
  if (run.options.throttleSql === null) return undefined
  const answer = await askUser(tx, run.options.throttleSql)
  return answer === undefined ? undefined : limit(answer)
}

/** In the order in which they are asked: what costs least first. */
const asks: readonly Ask[] = [hours, rowsPerSecond, replicaLag, walRate, waitingSessions, activeSessions, users]

/** The first limit that is exceeded now. */
export async function findLimit(tx: Queryable, run: Run): Promise<Limit | undefined> {
  for (const ask of asks) {
    const found = await ask(tx, run)
    if (found !== undefined) return found
  }
  return undefined
}

function limit(reason: string, retryMs = lookAgainMs): Limit {
  return { reason: `throttled: ${reason}`, retryMs: Math.max(50, Math.round(retryMs)) }
}

/** Sessions of the application, ours left aside. */
async function countSessions(tx: Queryable, condition: Sql): Promise<number> {
  // A transaction reads pg_stat_activity once, and sees it so ever after (PostgreSQL manual, 27.2.2).
  await tx.query(sql`select pg_stat_clear_snapshot()`)
  const { n } = await readOne<{ n: number }>(
    tx,
    sql`
    select count(*)::int as n
    from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' and application_name not like 'cutover/%'
      and ${condition}`,
  )
  return n
}
