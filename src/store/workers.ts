import type { Queryable } from "../postgres/Queryable.ts"
import { heldKeys } from "../postgres/advisoryLock.ts"
import { sql } from "../postgres/sql.ts"

/** A process that works jobs. It lives as long as its session holds the advisory lock `lockKey`. */
export type WorkerRow = {
  readonly id: string
  /** The one run that it works; null for every run of the database. */
  readonly runId: string | null
  readonly lockKey: string
  readonly host: string
  readonly pid: number
  readonly actor: string
}

export async function insertWorker(db: Queryable, worker: WorkerRow): Promise<void> {
  await db.query(sql`
    insert into cutover.workers (id, run_id, lock_key, host, pid, actor)
    values (${worker.id}, ${worker.runId}, ${worker.lockKey}, ${worker.host}, ${worker.pid}, ${worker.actor})
    on conflict (id) do nothing`)
}

export async function deleteWorker(db: Queryable, id: string): Promise<void> {
  await db.query(sql`delete from cutover.workers where id = ${id}`)
}

/** The workers of a run whose session is alive, oldest first. */
export async function readLiveWorkers(db: Queryable, runId: string): Promise<WorkerRow[]> {
  const { rows } = await db.query<WorkerRow>(sql`
    select id, run_id as "runId", lock_key::text as "lockKey", host, pid, actor
    from cutover.workers
    where run_id is null or run_id = ${runId}
    order by started_at`)
  const held = await heldKeys(
    db,
    rows.map((row) => row.lockKey),
  )
  return rows.filter((row) => held.has(row.lockKey))
}

/** Forgets workers that died without saying so. */
export async function deleteDeadWorkers(db: Queryable): Promise<void> {
  const { rows } = await db.query<{ id: string; lockKey: string }>(
    sql`select id, lock_key::text as "lockKey" from cutover.workers where started_at < clock_timestamp() - interval '1 minute'`,
  )
  const held = await heldKeys(
    db,
    rows.map((row) => row.lockKey),
  )
  const dead = rows.filter((row) => !held.has(row.lockKey)).map((row) => row.id)
  if (dead.length > 0) await db.query(sql`delete from cutover.workers where id = any (${dead})`)
}
