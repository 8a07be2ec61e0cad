import type { Job } from "../../src/runtime/Job.ts"
import { passJob } from "../../src/runtime/door.ts"
import type { OpenServices } from "../../src/runtime/openServices.ts"
import { workIndexes } from "../../src/runtime/workIndexes.ts"

/** Who does not want to hear that a job begins. */
export const nobody = (): void => {}

/** Passes the run's jobs one by one until there is one with this task; it is fetched, and not worked. */
export async function stepTo(open: OpenServices, runId: string, task: string): Promise<Job> {
  for (;;) {
    const job = await open.queue.fetch(runId)
    if (job === undefined) throw new Error(`no job is left, and none was to ${task}`)
    if (job.data.task === task) return job
    await (job.data.task === "indexes" ? workIndexes : passJob)(open, job, nobody)
  }
}
