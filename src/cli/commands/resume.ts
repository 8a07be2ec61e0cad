import { exitCodes } from "../../errors/codes.ts"
import { resume as resumeRun } from "../../runtime/commands/resume.ts"
import { findRunByReference } from "../../runtime/findRun.ts"
import { type CliCommand, runArgument } from "../CliCommand.ts"
import { type Context, say } from "../context.ts"
import { printStatus } from "../printStatus.ts"
import { assertNobodyWorks, takeUp } from "../takeUp.ts"
import { withServices } from "../withServices.ts"

/** Lets a run go on from its last checkpoint, and works it here unless others do. */
export const resume: CliCommand = {
  name: "resume",
  summary: "Go on from the last checkpoint, with progress",
  description:
    "Goes on from the last checkpoint: after a pause, a halt, a kill, on this machine or another. Works the run here " +
    "unless a worker does already.",
  define: (command) => {
    command.argument(...runArgument).option("--detach", "Leave the work to workers, and return at once.")
  },
  run: async (context: Context, reference: string, { detach = false }: { detach?: boolean }) =>
    await withServices(context, { role: "resume", isWorking: true }, async (services) => {
      const run = await findRunByReference(services, reference)
      if (run.finishedAt !== null) {
        say(context, "Nothing is left to do: the run is finished.")
        await printStatus(context, services, run.id)
        return exitCodes.done
      }
      const isStopped = run.control === "paused" || run.control === "halted"
      if (!isStopped) await assertNobodyWorks(services, run)
      return await takeUp(context, services, isStopped ? await resumeRun(services, run.id) : run, { detach })
    }),
}
