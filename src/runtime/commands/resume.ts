import type { Run } from "../../store/runs.ts"
import type { Job } from "../Job.ts"
import type { Services } from "../Services.ts"
import { passCommand } from "../door.ts"
import { assertOpen } from "./pause.ts"

/** Lets a paused or halted run go on from its last checkpoint. A run that goes on already is left alone. */
export async function resume(services: Services, runId: string): Promise<Run> {
  return await passCommand(services, runId, async (_, run) => {
    assertOpen(run, "resumed")
    return run.control === "paused" || run.control === "halted" ? { event: { type: "resume" } } : undefined
  })
}

/** The job that a `pause --for` left behind: it resumes, unless somebody did before. */
export async function passResume(services: Services, job: Job): Promise<void> {
  await passCommand(
    services,
    job.data.runId,
    async (_, run) => {
      const isDue = run.epoch === job.data.epoch && run.control === "paused" && run.finishedAt === null
      return isDue ? { event: { type: "resume" } } : undefined
    },
    job,
  )
}
