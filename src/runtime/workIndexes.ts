import {
  lockKey,
  releaseSessionLocks,
  takeSharedSessionLock,
  takeSharedTransactionLock,
  trySessionLock,
} from "../postgres/advisoryLock.ts"
import { readOne } from "../postgres/Queryable.ts"
import { sql } from "../postgres/sql.ts"
import { ensureIndexes } from "../steps/prep/ensureIndexes.ts"
import { shareCores } from "../steps/throttle/lanes.ts"
import { type Run, readRun } from "../store/runs.ts"
import type { Job } from "./Job.ts"
import type { Services } from "./Services.ts"
import { FencedError, type OnBegin, passCommand } from "./door.ts"

/**
 * The one task that cannot work inside a transaction: CREATE INDEX CONCURRENTLY. It is idempotent, so it works first,
 * under locks of a session, and then passes the door with what it made.
 */
export async function workIndexes(services: Services, job: Job, onBegin: OnBegin): Promise<void> {
  const made = await underLocks(services, job, onBegin)
  await passCommand(
    services,
    job.data.runId,
    async (tx, run) => {
      await takeSharedTransactionLock(tx, lockKey("run", run.id))
      if (made === undefined || run.epoch !== job.data.epoch) return undefined
      return { event: { type: "indexes.ensured", optedIn: run.options.isOptedIn }, facts: { indexes: made } }
    },
    job,
  )
}

/** The names of indexes that were made; undefined where the run has moved on. */
async function underLocks(services: Services, job: Job, onBegin: OnBegin): Promise<readonly string[] | undefined> {
  return await services.database.withSession(async (session) => {
    if (!(await trySessionLock(session, lockKey("job", job.id))))
      throw new FencedError(`job ${job.id} is being worked elsewhere`)
    try {
      const { pid } = await readOne<{ pid: number }>(
        session,
        sql`
        select pg_backend_pid() as pid, set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false)`,
      )
      onBegin(pid)
      await takeSharedSessionLock(session, lockKey("run", job.data.runId))
      const run = await readRun(session, job.data.runId)
      if (!isDue(run, job)) return undefined
      for (const statement of await shareCores(run, { pid, place: "alone", span: "session" }))
        await session.query(statement)
      return await ensureIndexes(session, run)
    } finally {
      // The session's settings and its locks go with the connection.
      session.discard()
      await releaseSessionLocks(session).catch(() => {})
    }
  })
}

function isDue(run: Run, job: Job): boolean {
  return run.epoch === job.data.epoch && run.state === "prep" && run.control === "running"
}
