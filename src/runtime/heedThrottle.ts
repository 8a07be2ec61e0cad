import type { Queryable } from "../postgres/Queryable.ts"
import { findLimit } from "../steps/throttle/limits.ts"
import { appendRecord } from "../store/log.ts"
import { type Run, saveThrottled } from "../store/runs.ts"
import type { Job } from "./Job.ts"
import type { Services } from "./Services.ts"

/** Work that loads the server and can as well be done later; replaying changes, the swap and what follows it cannot. */
const heavyTasks: ReadonlySet<string> = new Set(["copy", "sweep", "index", "validate", "compare"])

/**
 * Puts the job off where a limit is exceeded, in its own transaction: a job of the same work is sent for later, and the run
 * says why. Whether it is still due is asked again then. Returns whether it was put off: also where a limit has just ceased to
 * be exceeded, for to note that locks the run, which nobody may do for as long as a batch lasts.
 */
export async function heedThrottle(services: Services, tx: Queryable, job: Job, run: Run): Promise<boolean> {
  if (!heavyTasks.has(job.data.task)) return false
  const limit = await findLimit(tx, run)
  const news = await saveThrottled(tx, run, limit?.reason ?? null)
  if (news === "began" || news === "ended")
    await appendRecord(tx, {
      runId: run.id,
      kind: `throttle.${news}`,
      actor: services.actor,
      data: limit === undefined ? {} : { reason: limit.reason },
    })
  if (limit === undefined && news === undefined) return false
  await services.queue.send(tx, { ...job.data, round: (job.data.round ?? 0) + 1 }, limit?.retryMs ?? 0)
  return true
}
