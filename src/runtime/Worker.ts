import { hostname } from "node:os"
import { setTimeout as sleep } from "node:timers/promises"
import { ulid } from "ulid"
import { lockKey, heldKeys } from "../postgres/advisoryLock.ts"
import { classify } from "../postgres/classify.ts"
import { sql } from "../postgres/sql.ts"
import { logChannel } from "../store/log.ts"
import { readOpenRuns, readPosition } from "../store/runs.ts"
import { deleteDeadWorkers, deleteWorker, insertWorker } from "../store/workers.ts"
import type { Job } from "./Job.ts"
import { readActiveAttempts, stopChannel, wakeChannel } from "./Queue.ts"
import type { Services } from "./Services.ts"
import { Wakeup } from "./Wakeup.ts"
import { passJob } from "./door.ts"
import { reactTo } from "./reactTo.ts"
import { longTasks } from "./tasks.ts"
import { workIndexes } from "./workIndexes.ts"
import { passResume } from "./commands/resume.ts"

export type WorkerOptions = {
  /** The one run to work; all runs of the database where it is missing. */
  readonly runId?: string
  /** Jobs at once. */
  readonly lanes: number
}

/** A job under way: the backend that works it, once it is known, and whether we cancelled it. */
type Flight = { readonly job: Job; pid: number; isCancelled: boolean }

/** An idle lane looks this often for work of which it heard nothing, more and more rarely while there is none; wake-ups come at once. */
const idleMs = { first: 200, last: 1_000 }

/** Jobs of dead workers are looked for this often; their locks are gone at most a quarter of a second after them. */
const orphanMs = 500

/** A cancellation that meets a backend between two statements has no effect, so it is sent until the job has ended. */
const cancelMs = 200

/** Work that was put off for longer is found by looking: a second does not matter to it. */
const longestWakeMs = 60_000

/** A live worker may be seen between fetching a job and locking it; a look a little later tells it from a dead one. */
const secondLookMs = 150

/** Stuck workers are told from busy ones by a heartbeat; pg-boss allows no less than 10 s between two. */
export const heartbeatMs = 3_000

/** Works durable jobs until it is stopped. It lives from `start` to `stop`; `stop` lets batches under way finish. */
export class Worker {
  readonly #services: Services
  readonly #options: WorkerOptions
  readonly #id = ulid()
  readonly #wakeup: Wakeup
  readonly #flights = new Set<Flight>()
  readonly #timers: NodeJS.Timeout[] = []
  readonly #alarms = new Set<NodeJS.Timeout>()
  #lanes: Promise<void>[] = []
  #stopping = new AbortController()
  #woken = new AbortController()

  private constructor(services: Services, options: WorkerOptions) {
    this.#services = services
    this.#options = options
    this.#wakeup = new Wakeup(
      services.database,
      services.logger,
      this.#id,
      [wakeChannel, stopChannel, logChannel],
      (channel, payload) => {
        if (channel === wakeChannel) this.#wakeIn(Number(payload))
        else if (channel === stopChannel) void this.#cancelStopped()
        else services.logger.info({ record: payload }, "maintenance log")
      },
    )
  }

  static async start(services: Services, options: WorkerOptions): Promise<Worker> {
    const worker = new Worker(services, options)
    await worker.#wakeup.open()
    try {
      await worker.#register()
    } catch (error) {
      // Its connection would keep the pool from ending, and so the process.
      worker.#wakeup.close()
      throw error
    }
    worker.#every(orphanMs, () => worker.#takeOverOrphans())
    worker.#every(heartbeatMs, () => worker.#beat())
    worker.#every(cancelMs, () => worker.#cancelUnwanted())
    worker.#lanes = Array.from({ length: options.lanes }, () => worker.#work())
    return worker
  }

  /** Begins nothing new, lets batches under way finish, cancels what could last longer, and leaves. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#woken.abort()
    this.#cancelLongFlights(() => true)
    await Promise.all(this.#lanes)
    for (const timer of [...this.#timers, ...this.#alarms]) clearTimeout(timer)
    this.#wakeup.close()
    await deleteWorker(this.#services.database, this.#id).catch(() => {})
  }

  async #register(): Promise<void> {
    const { database, actor } = this.#services
    await insertWorker(database, {
      id: this.#id,
      runId: this.#options.runId ?? null,
      lockKey: lockKey("worker", this.#id),
      host: hostname(),
      pid: process.pid,
      actor,
    })
    await deleteDeadWorkers(database)
  }

  async #work(): Promise<void> {
    let waitMs = idleMs.first
    while (!this.#stopping.signal.aborted) {
      const woken = this.#woken.signal
      try {
        const job = await this.#fetch()
        if (job === undefined) {
          await sleep(waitMs, undefined, { signal: woken }).catch(() => {})
          waitMs = Math.min(idleMs.last, waitMs * 1.2)
        } else {
          waitMs = idleMs.first
          await this.#fly(job)
        }
      } catch (error) {
        this.#services.logger.warn(
          { error: String(error), class: classify(error) },
          "a worker could not get or return a job; it tries again",
        )
        await this.#rest(idleMs.last)
      }
    }
  }

  async #fetch(): Promise<Job | undefined> {
    for (const runId of await this.#runIds()) {
      const job = await this.#services.queue.fetch(runId)
      if (job !== undefined) return job
    }
    return undefined
  }

  async #runIds(): Promise<string[]> {
    if (this.#options.runId !== undefined) return [this.#options.runId]
    return (await readOpenRuns(this.#services.database)).map((run) => run.id)
  }

  async #fly(job: Job): Promise<void> {
    const flight: Flight = { job, pid: 0, isCancelled: false }
    this.#flights.add(flight)
    try {
      await this.#pass(flight)
    } catch (error) {
      const { waitMs } = await reactTo(this.#services, job, error, flight.isCancelled)
      await this.#rest(waitMs)
    } finally {
      this.#flights.delete(flight)
    }
  }

  async #pass(flight: Flight): Promise<void> {
    const onBegin = (pid: number): void => {
      flight.pid = pid
    }
    switch (flight.job.data.task) {
      case "resume":
        return await passResume(this.#services, flight.job)
      case "indexes":
        return await workIndexes(this.#services, flight.job, onBegin)
      default:
        return await passJob(this.#services, flight.job, onBegin)
    }
  }

  /** Active jobs whose lock nobody holds were left by a worker that died. */
  async #takeOverOrphans(): Promise<void> {
    for (const runId of await this.#runIds()) {
      const suspects = await this.#findUnlocked(runId)
      if (suspects.length === 0) continue
      await sleep(secondLookMs)
      const still = new Set((await this.#findUnlocked(runId)).map((one) => `${one.id}/${one.retryCount}`))
      for (const attempt of suspects.filter((one) => still.has(`${one.id}/${one.retryCount}`))) {
        this.#services.logger.info({ runId, jobId: attempt.id }, "taking over a job of a worker that died")
        await this.#services.queue.giveBack(runId, attempt)
        this.#onWake()
      }
    }
  }

  async #findUnlocked(runId: string): Promise<Pick<Job, "id" | "retryCount">[]> {
    const { database } = this.#services
    const mine = new Set([...this.#flights].map((flight) => flight.job.id))
    const attempts = (await readActiveAttempts(database, runId)).filter((attempt) => !mine.has(attempt.id))
    const held = await heldKeys(
      database,
      attempts.map((attempt) => lockKey("job", attempt.id)),
    )
    return attempts.filter((one) => !held.has(lockKey("job", one.id)))
  }

  async #beat(): Promise<void> {
    for (const { job } of this.#flights) await this.#services.queue.touch(job)
    void this.#wakeup.assertHears().catch(() => {})
    // Where nobody listened for a moment, what was said then was not heard.
    void this.#cancelStopped()
  }

  /** Work that was put off is begun when it is due, which is what whoever put it off reckons with. */
  #wakeIn(ms: number): void {
    if (ms <= 0) return this.#onWake()
    if (ms > longestWakeMs) return
    const timer = setTimeout(() => {
      this.#alarms.delete(timer)
      this.#onWake()
    }, ms)
    this.#alarms.add(timer)
  }

  #onWake(): void {
    const woken = this.#woken
    this.#woken = new AbortController()
    woken.abort()
  }

  /** A pause does not wait for work that may last: it is cancelled, and begun again on resuming. */
  async #cancelStopped(): Promise<void> {
    try {
      const lasting = [...this.#flights].filter((flight) => longTasks.has(flight.job.data.task))
      const runIds = new Set(lasting.map((flight) => flight.job.data.runId))
      for (const runId of runIds) {
        const { control } = await readPosition(this.#services.database, runId)
        if (control === "paused" || control === "halted") this.#cancelLongFlights((job) => job.data.runId === runId)
      }
    } catch (error) {
      this.#services.logger.debug({ error: String(error) }, "could not look whether a run was paused")
    }
  }

  #cancelLongFlights(concerns: (job: Job) => boolean): void {
    for (const flight of this.#flights) {
      if (concerns(flight.job) && longTasks.has(flight.job.data.task)) flight.isCancelled = true
    }
    void this.#cancelUnwanted().catch(() => {})
  }

  async #cancelUnwanted(): Promise<void> {
    const unwanted = [...this.#flights].filter((flight) => flight.isCancelled && flight.pid !== 0)
    for (const { pid } of unwanted) await this.#services.database.query(sql`select pg_cancel_backend(${pid})`)
  }

  /** Runs `task` again and again until the worker stops; one that fails is tried again next time. */
  #every(ms: number, task: () => Promise<void>): void {
    let isBusy = false
    const run = async (): Promise<void> => {
      if (isBusy) return
      isBusy = true
      try {
        await task()
      } catch (error) {
        this.#services.logger.debug({ error: String(error) }, "upkeep failed")
      } finally {
        isBusy = false
      }
    }
    void run()
    this.#timers.push(setInterval(() => void run(), ms))
  }

  async #rest(ms: number): Promise<void> {
    if (ms > 0) await sleep(ms, undefined, { signal: this.#stopping.signal }).catch(() => {})
  }
}
