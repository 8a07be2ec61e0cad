import { parseDuration } from "../../domain/duration.ts"
import { renderTableName } from "../../domain/tableName.ts"
import { exitCodes } from "../../errors/codes.ts"
import { pause as pauseRun } from "../../runtime/commands/pause.ts"
import { findRunByReference } from "../../runtime/findRun.ts"
import { type CliCommand, runArgument } from "../CliCommand.ts"
import { commandLine } from "../commandLine.ts"
import { type Context, say } from "../context.ts"
import { printStatus } from "../printStatus.ts"
import { withServices } from "../withServices.ts"

type PauseFlags = { readonly reason?: string; readonly for?: string }

/** Lets no new batch begin, and returns when none is in flight. */
export const pause: CliCommand = {
  name: "pause",
  summary: "Start no new batch; return when none is in flight",
  description:
    "Lets no new batch start, and returns when none is in flight. What was copied is kept; resume goes on from there.",
  define: (command) => {
    command
      .argument(...runArgument)
      .option("--reason <text>", "Why, for those who look at the run.")
      .option("--for <duration>", "Resume by itself after this long, such as 2h; a worker must be alive then.")
  },
  run: async (context: Context, reference: string, flags: PauseFlags) => {
    const forMs = flags.for === undefined ? null : parseDuration(flags.for)
    return await withServices(context, { role: "pause" }, async (services) => {
      const before = await findRunByReference(services, reference)
      const isStopped = before.control === "paused" || before.control === "halted"
      if (isStopped && before.finishedAt === null) say(context, `It is ${before.control} already; nothing was changed.`)
      else await pauseRun(services, before.id, { reason: flags.reason ?? null, forMs })
      await printStatus(context, services, before.id)
      say(context, `Go on with:  ${commandLine(context, "resume", renderTableName(before.table))}`)
      return exitCodes.done
    })
  },
}
