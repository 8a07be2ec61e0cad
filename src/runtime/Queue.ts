import { type Db, PgBoss } from "pg-boss"
import type { Database } from "../postgres/Database.ts"
import { type Queryable, readOne } from "../postgres/Queryable.ts"
import { lockKey, withSessionLock } from "../postgres/advisoryLock.ts"
import { sql } from "../postgres/sql.ts"
import { type Job, type JobData, jobId } from "./Job.ts"

/** The schema of pg-boss. */
export const jobsSchema = "cutover_jobs"

/** The channel on which workers hear that there is something to do; the payload is in how many milliseconds. */
export const wakeChannel = "cutover_wake"

/** The channel on which workers hear that a run was stopped, so that they look whether it is one that they work on. */
export const stopChannel = "cutover_stop"

/** A worker that says nothing for this long is stuck, and its job is given to another. pg-boss allows no less. */
export const heartbeatSeconds = 10

/** pg-boss, with one queue for each run. It opens, and makes its schema, when it is first used; `close` ends it. */
export class Queue {
  readonly #database: Database
  readonly #options: QueueOptions
  #opening: Promise<PgBoss> | undefined

  constructor(database: Database, options: QueueOptions) {
    this.#database = database
    this.#options = options
  }

  async close(): Promise<void> {
    const boss = await this.#opening?.catch(() => undefined)
    await boss?.stop({ graceful: false })
  }

  async ensureRunQueue(runId: string): Promise<void> {
    const options = {
      // Giving back is how we wait; what must end a job is an event of the run, not a count.
      retryLimit: 1_000_000,
      retryDelay: 0,
      heartbeatSeconds,
      expireInSeconds: 23 * 3600,
      retentionSeconds: 3650 * 24 * 3600,
      deleteAfterSeconds: 24 * 3600,
    }
    await (await this.#boss()).createQueue(queueName(runId), options)
  }

  async deleteRunQueue(runId: string): Promise<void> {
    await (await this.#boss()).deleteQueue(queueName(runId))
  }

  /** Sends a job in the caller's transaction; workers hear of it when that commits. */
  async send(tx: Queryable, data: JobData, delayMs = 0): Promise<void> {
    const startAfter = delayMs > 0 ? { startAfter: await readTimeIn(tx, delayMs) } : {}
    await (
      await this.#boss()
    ).send(queueName(data.runId), data, { id: jobId(data), db: asBossDatabase(tx), ...startAfter })
    await wake(tx, delayMs)
  }

  async fetch(runId: string): Promise<Job | undefined> {
    const [job] = await (await this.#boss()).fetch<JobData>(queueName(runId), { batchSize: 1 })
    return job === undefined ? undefined : { id: job.id, retryCount: job.retryCount, data: job.data }
  }

  /** Completes the attempt in the caller's transaction; false when it is not ours any more. */
  async complete(tx: Queryable, job: Job): Promise<boolean> {
    const response = await (
      await this.#boss()
    ).complete(queueName(job.data.runId), job, undefined, { db: asBossDatabase(tx) })
    // pg-boss documents the number of jobs it touched, and leaves it out of its types.
    return (response as { readonly affected?: number }).affected === 1
  }

  /** Puts an attempt back into the queue, for whoever comes next. */
  async giveBack(runId: string, attempt: Pick<Job, "id" | "retryCount">): Promise<void> {
    await (await this.#boss()).fail(queueName(runId), attempt)
  }

  async touch(job: Job): Promise<void> {
    await (await this.#boss()).touch(queueName(job.data.runId), job)
  }

  async #boss(): Promise<PgBoss> {
    this.#opening ??= this.#open()
    try {
      return await this.#opening
    } catch (error) {
      this.#opening = undefined
      throw error
    }
  }

  async #open(): Promise<PgBoss> {
    const boss = new PgBoss({
      db: asBossDatabase(this.#database),
      schema: jobsSchema,
      schedule: false,
      supervise: this.#options.supervise,
      superviseIntervalSeconds: 1,
      monitorIntervalSeconds: 1,
      registerInstance: false,
      monitorVacuum: false,
      reindex: false,
      openTelemetry: { enabled: false },
    })
    boss.on("error", this.#options.onError)
    // Two that made pg-boss's schema at the same moment would get in each other's way.
    return await withSessionLock(this.#database, lockKey("install", jobsSchema), () => boss.start())
  }
}

export type QueueOptions = {
  /** Whether to give back the jobs of workers whose heartbeat stopped. */
  readonly supervise: boolean
  readonly onError: (error: Error) => void
}

/** The attempts that are being worked, or were when their worker died. */
export async function readActiveAttempts(db: Queryable, runId: string): Promise<Pick<Job, "id" | "retryCount">[]> {
  const { rows } = await db.query<{ id: string; retryCount: number }>(sql`
    select id, retry_count as "retryCount"
    from cutover_jobs.job
    where name = ${queueName(runId)} and state = 'active'`)
  return rows
}

/** Tells the workers, when the transaction commits, to look again: at once, or when what was put off is due. */
export async function wake(tx: Queryable, inMs = 0): Promise<void> {
  await tx.query(sql`select pg_notify(${wakeChannel}, ${String(inMs)})`)
}

/** Tells the workers, when the transaction commits, that this run goes on no further. */
export async function tellToStop(tx: Queryable, runId: string): Promise<void> {
  await tx.query(sql`select pg_notify(${stopChannel}, ${runId})`)
}

/** By the server's clock, which says when the job is due; now() is when the transaction began. */
async function readTimeIn(tx: Queryable, ms: number): Promise<string> {
  const { at } = await readOne<{ at: string }>(
    tx,
    sql`
    select to_char((clock_timestamp() + ${ms}::float8 * interval '1 ms') at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`,
  )
  return at
}

function queueName(runId: string): string {
  return `run-${runId}`
}

function asBossDatabase(db: Queryable): Db {
  return { executeSql: async (text, values) => await db.query({ text, values: values ?? [] }) }
}
