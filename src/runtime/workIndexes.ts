import { releaseSessionLock, lockKey, takeSharedTransactionLock, trySessionLock } from "../postgres/advisoryLock.ts"
import { readOne } from "../postgres/Queryable.ts"
import { sql } from "../postgres/sql.ts"
import { ensureIndexes } from "../steps/prep/ensureIndexes.ts"
import { keepToLanes } from "../steps/throttle/paceOf.ts"
import { readRun } from "../store/runs.ts"
import type { Job } from "./Job.ts"
import type { Services } from "./Services.ts"
import { FencedError, type OnBegin, passCommand } from "./door.ts"

/**
 * The one task that cannot work inside a transaction: CREATE INDEX CONCURRENTLY. It is idempotent, so it works first,
 * under a session's lock, and then passes the door with what it made.
 */
export async function workIndexes(services: Services, job: Job, onBegin: OnBegin): Promise<void> {
  const run = await readRun(services.database, job.data.runId)
  const isDue = run.epoch === job.data.epoch && run.state === "prep" && run.control === "running"
  const made = isDue ? await underLock(services, job, onBegin) : []
  await passCommand(
    services,
    run.id,
    async (tx, now) => {
      await takeSharedTransactionLock(tx, lockKey("run", run.id))
      if (!isDue || now.epoch !== job.data.epoch) return undefined
      return { event: { type: "indexes.ensured", optedIn: run.options.isOptedIn }, facts: { indexes: made } }
    },
    job,
  )
}

async function underLock(services: Services, job: Job, onBegin: OnBegin): Promise<readonly string[]> {
  return await services.database.withSession(async (session) => {
    const key = lockKey("job", job.id)
    if (!(await trySessionLock(session, key))) throw new FencedError(`job ${job.id} is being worked elsewhere`)
    try {
      const { pid } = await readOne<{ pid: number }>(
        session,
        sql`
        select pg_backend_pid() as pid, set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false)`,
      )
      onBegin(pid)
      const run = await readRun(session, job.data.runId)
      await keepToLanes(session, run.options, "session")
      return await ensureIndexes(session, run)
    } finally {
      // The session's settings and its lock go with the connection.
      session.discard()
      await releaseSessionLock(session, key).catch(() => {})
    }
  })
}
