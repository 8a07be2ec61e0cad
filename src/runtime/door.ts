import type { RunEvent } from "../machine/events.ts"
import { restoreRun } from "../machine/advance.ts"
import { taskOfState } from "../machine/partitionMachine.ts"
import { type Queryable, readOne } from "../postgres/Queryable.ts"
import { lockKey } from "../postgres/advisoryLock.ts"
import { withoutTimeout } from "../postgres/sessionSettings.ts"
import { join, sql } from "../postgres/sql.ts"
import { withTransaction } from "../postgres/transaction.ts"
import type { Outcome } from "../steps/Step.ts"
import { type Partition, readPartition } from "../store/partitions.ts"
import { type Run, lockRun, readRun, saveRunFacts } from "../store/runs.ts"
import { type Stripe, readStripe } from "../store/stripes.ts"
import { sweep } from "../steps/copy/sweep.ts"
import { shareCores } from "../steps/throttle/lanes.ts"
import { compareAll } from "../steps/validate/compareAll.ts"
import type { Job } from "./Job.ts"
import type { Services } from "./Services.ts"
import { acrossBreaks } from "./acrossBreaks.ts"
import { type Facts, carryOutPartitionEvent, carryOutRunEvent } from "./carryOut.ts"
import { carryOutCompared, carryOutSwept } from "./carryOutSweep.ts"
import { heedThrottle } from "./heedThrottle.ts"
import { runSteps, untimedTasks } from "./tasks.ts"
import { workPartition } from "./workPartition.ts"

/** The attempt was given to somebody else meanwhile; everything it did is rolled back. */
export class FencedError extends Error {}

/** Hears what a job is about to do, and on which backend, before it begins. */
export type OnBegin = (backendPid: number) => void

/**
 * The one door, for jobs: in one transaction the step's work, its checkpoint, the next state of the run, the log record,
 * the next jobs, and the completion of this one, fenced by its attempt. A killed worker leaves all of it or nothing.
 */
export async function passJob(services: Services, job: Job, onBegin: OnBegin): Promise<void> {
  let afterCommit: Outcome<unknown>["afterCommit"]
  await withTransaction(services.database, async (tx) => {
    const pid = await claim(tx, job)
    onBegin(pid)
    const due = await findDue(tx, job)
    if (due !== undefined && !(await heedThrottle(services, tx, job, due.run)))
      afterCommit = await work(services, { tx, pid }, job, due)
    if (!(await services.queue.complete(tx, job))) throw new FencedError(`job ${job.id} is not ours any more`)
  })
  await afterCommit?.(services.database)
}

/**
 * The one door, for what people and errors say: `decide` sees the locked run, and answers with the event. What people say is said
 * again when the connection broke and nothing of it is left; a job has its own way to come again.
 */
export async function passCommand(
  services: Services,
  runId: string,
  decide: (tx: Queryable, run: Run) => Promise<{ event: RunEvent; facts?: Facts | undefined } | undefined>,
  job?: Job,
): Promise<Run> {
  const pass = async (): Promise<Run> =>
    await withTransaction(services.database, async (tx) => {
      const run = await lockRun(tx, runId)
      const decided = await decide(tx, run)
      if (decided !== undefined) await carryOutRunEvent(services, tx, run, decided.event, { facts: decided.facts })
      if (job !== undefined && !(await services.queue.complete(tx, job)))
        throw new FencedError(`job ${job.id} is not ours any more`)
      return await readRun(tx, runId)
    })
  return job === undefined ? await acrossBreaks(services, pass) : await pass()
}

/** What a job is to do: for the run as a whole, for one of its partitions, or for a stripe of its heap. */
type Due = { readonly run: Run; readonly partition: Partition | undefined; readonly stripe: Stripe | undefined }

/**
 * Marks the job as under way (a dead worker's lock is free), and the run as having one under way, for those who wait
 * until none is.
 */
async function claim(tx: Queryable, job: Job): Promise<number> {
  const { isFree, pid } = await readOne<{ isFree: boolean; pid: number }>(
    tx,
    sql`
    select pg_try_advisory_xact_lock(${lockKey("job", job.id)}::bigint) as "isFree",
           pg_advisory_xact_lock_shared(${lockKey("run", job.data.runId)}::bigint),
           pg_backend_pid() as pid`,
  )
  if (!isFree) throw new FencedError(`job ${job.id} is being worked elsewhere`)
  return pid
}

/** What the job is to do, unless the run has moved on: paused, halted, resumed since, or done with it already. */
async function findDue(tx: Queryable, job: Job): Promise<Due | undefined> {
  const run = await readRun(tx, job.data.runId)
  return isCurrent(run, job) ? await findWork(tx, run, job) : undefined
}

function isCurrent(run: Run, job: Job): boolean {
  return run.epoch === job.data.epoch && run.finishedAt === null && run.control !== "paused" && run.control !== "halted"
}

/** The states of the machine bear the names of their tasks, and only the job that the last event sent counts. */
function isDueForRun(run: Run, job: Job): boolean {
  if (run.tick !== job.data.tick) return false
  const { step } = restoreRun(run.stored).value
  return (typeof step === "string" ? step : Object.values(step)[0]) === job.data.task
}

/** The transaction of a job, and the backend that it is on. */
type Session = { readonly tx: Queryable; readonly pid: number }

async function work(
  services: Services,
  { tx, pid }: Session,
  job: Job,
  due: Due,
): Promise<Outcome<unknown>["afterCommit"]> {
  const { partition, stripe } = due
  const cores = await shareCores(due.run, { pid, place: partition === undefined ? "alone" : "lane" })
  const timeout = untimedTasks.has(job.data.task) ? [withoutTimeout] : []
  await tx.query(join([...cores, ...timeout, sql`savepoint work`], ";\n"))
  if (stripe !== undefined) {
    const afterCommit = await sweep({ tx, run: due.run }, stripe)
    const run = await lockIfDue(tx, job, stripe.tick + 1)
    if (run === undefined) return undefined
    await carryOutSwept(services, tx, run, stripe.n)
    return afterCommit
  }
  if (job.data.task === "compare") {
    const compared = await compareAll({ tx, run: due.run })
    const run = await lockIfDue(tx, job)
    if (run !== undefined) await carryOutCompared(services, tx, run, compared)
    return undefined
  }
  if (partition !== undefined) {
    const passed = await workPartition({ tx, run: due.run }, partition)
    const run = await lockIfDue(tx, job)
    if (run === undefined) return undefined
    const batchBlocks = passed.findLast((one) => one.outcome.batchBlocks !== undefined)?.outcome.batchBlocks
    if (batchBlocks !== undefined) await saveRunFacts(tx, run.id, { batchBlocks })
    for (const one of passed)
      await carryOutPartitionEvent(services, tx, run, one.partition, one.outcome.event, {
        facts: one.outcome.facts,
        retries: job.retryCount,
        isFollowed: one !== passed.at(-1),
      })
    return passed.at(-1)?.outcome.afterCommit
  }
  const outcome = await runSteps[job.data.task as keyof typeof runSteps]({ tx, run: due.run })
  const run = await lockIfDue(tx, job)
  if (run === undefined) return undefined
  await carryOutRunEvent(services, tx, run, outcome.event, { facts: outcome.facts, retries: job.retryCount })
  return outcome.afterCommit
}

/** Locks the run late. Was it paused meanwhile, the work still counts; was it resumed as well, or is the work done, it does not. */
async function lockIfDue(tx: Queryable, job: Job, tick = job.data.tick): Promise<Run | undefined> {
  const run = await lockRun(tx, job.data.runId)
  if (run.epoch === job.data.epoch && run.finishedAt === null && (await isStillDue(tx, run, job, tick))) return run
  await tx.query(sql`rollback to savepoint work`)
  return undefined
}

/** Whether the task of a job is what its run, or its partition, is at. */
export async function isStillDue(tx: Queryable, run: Run, job: Job, tick = job.data.tick): Promise<boolean> {
  return (await findWork(tx, run, job, tick)) !== undefined
}

async function findWork(tx: Queryable, run: Run, job: Job, tick = job.data.tick): Promise<Due | undefined> {
  const { partitionId, task } = job.data
  if (job.data.stripe !== undefined) {
    const stripe = await readStripe(tx, run.id, job.data.stripe)
    return stripe.tick === tick ? { run, partition: undefined, stripe } : undefined
  }
  if (partitionId === null) return isDueForRun(run, job) ? { run, partition: undefined, stripe: undefined } : undefined
  const partition = await readPartition(tx, partitionId)
  const isDue = taskOfState[partition.state] === task && partition.tick === job.data.tick
  return isDue ? { run, partition, stripe: undefined } : undefined
}
