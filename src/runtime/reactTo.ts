import { paceLimits } from "../domain/pace.ts"
import { CutoverError, type ErrorDocument } from "../errors/CutoverError.ts"
import type { RunEvent } from "../machine/events.ts"
import { type ErrorClass, classify, sqlState } from "../postgres/classify.ts"
import { sql } from "../postgres/sql.ts"
import { SourceTruncatedError } from "../steps/source/assertSameHeap.ts"
import type { Job } from "./Job.ts"
import type { Services } from "./Services.ts"
import { FencedError, isStillDue, passCommand } from "./door.ts"

/** What the worker does after a job failed: go on at once, or wait first. */
export type Reaction = { readonly waitMs: number }

/**
 * Turns an error of a job into what the table of classes says: try again, wait, pause or halt. Whatever it was, the
 * job's transaction is rolled back, and the data is as it was before it.
 */
export async function reactTo(services: Services, job: Job, error: unknown, wasCancelled: boolean): Promise<Reaction> {
  const { logger } = services
  const facts = { runId: job.data.runId, task: job.data.task, error: String(error), sqlState: sqlState(error) }
  if (error instanceof FencedError) {
    logger.debug(facts, "a job was given to another worker")
    return { waitMs: 200 }
  }
  const found = classOf(error)
  logger.debug({ ...facts, class: found }, "a job failed")
  switch (found) {
    case "contention":
      await giveBack(services, job)
      return { waitMs: jitter(200) }
    case "connection":
    case "unavailable":
    case "readOnly":
      logger.warn(facts, "the database is away; the job is tried again")
      await giveBack(services, job).catch(() => {})
      return { waitMs: jitter(1_000) }
    case "canceled":
      if (!wasCancelled) await shrinkBatches(services, job, error)
      await giveBack(services, job)
      return { waitMs: 0 }
    case "resource":
      await stop(services, job, {
        type: "pause",
        reason: `the server's disk is full (${messageOf(error)}); make room, then: cutover resume ${job.data.runId}`,
      })
      return { waitMs: 0 }
    case "halt":
      await stop(services, job, { type: "halt", error: documentOf(error, job) })
      return { waitMs: 0 }
  }
}

function classOf(error: unknown): ErrorClass {
  // A TRUNCATE came between: the job begins again, and heeds it first.
  if (error instanceof SourceTruncatedError) return "contention"
  // The tables say what became of a job: one that was completed is not given back, and one that was not begins again.
  if (error instanceof CutoverError && error.code === "CUTOVER_OUTCOME_UNKNOWN") return "connection"
  return classify(error)
}

async function giveBack(services: Services, job: Job): Promise<void> {
  await services.queue.giveBack(job.data.runId, job)
}

/** Pauses or halts the run, unless the job that failed was not due any more: then nobody needs to know. */
async function stop(services: Services, job: Job, event: RunEvent): Promise<void> {
  await passCommand(
    services,
    job.data.runId,
    async (tx, run) => {
      const isDue = run.epoch === job.data.epoch && run.finishedAt === null && (await isStillDue(tx, run, job))
      return isDue ? { event } : undefined
    },
    job,
  )
}

/** A statement ran out of time: the next batch is half as large. At the smallest size there is nothing left to give. */
async function shrinkBatches(services: Services, job: Job, error: unknown): Promise<void> {
  const { rowCount } = await services.database.query(sql`
    update cutover.runs
    set batch_blocks = greatest(${paceLimits.min}::bigint, batch_blocks / 2)
    where id = ${job.data.runId} and batch_blocks > ${paceLimits.min}`)
  if (rowCount > 0) return
  await stop(services, job, { type: "halt", error: documentOf(error, job) })
}

function documentOf(error: unknown, job: Job): ErrorDocument {
  if (error instanceof CutoverError) return error.toDocument()
  const code = sqlState(error)
  return new CutoverError("CUTOVER_HALTED", {
    message: `The task ${job.data.task} failed: ${messageOf(error)}${code === undefined ? "" : ` (SQLSTATE ${code})`}`,
    state: "What it was doing was rolled back; everything finished before is kept.",
    hint: `Remove the cause, then: cutover retry ${job.data.runId}`,
    details: { task: job.data.task, sqlState: code ?? null, ...detailsOf(error) },
  }).toDocument()
}

function detailsOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return {}
  const wanted = ["detail", "hint", "where", "schema", "table", "column", "constraint"] as const
  return Object.fromEntries(
    wanted.flatMap((name) =>
      name in error && Reflect.get(error, name) !== undefined ? [[name, Reflect.get(error, name)]] : [],
    ),
  )
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Half to one and a half of it, so that workers do not march in step. */
function jitter(ms: number): number {
  return Math.round(ms * (0.5 + Math.random()))
}
