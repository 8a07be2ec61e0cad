import { exitCodes } from "../../errors/codes.ts"
import { openGate } from "../../runtime/commands/attach.ts"
import { findRunByReference } from "../../runtime/findRun.ts"
import { type CliCommand, runArgument } from "../CliCommand.ts"
import { commandLine } from "../commandLine.ts"
import { type Context, say } from "../context.ts"
import { printStatus } from "../printStatus.ts"
import { readWorkersOf } from "../takeUp.ts"
import { withServices } from "../withServices.ts"

/** Opens the gate of a run that waits to be told when to swap. */
export const attach: CliCommand = {
  name: "attach",
  summary: "Let a run with --attach manual swap",
  description: "Opens the gate of a run that was launched with --attach manual: it swaps as soon as it is ready.",
  define: (command) => {
    command.argument(...runArgument)
  },
  run: async (context: Context, reference: string) =>
    await withServices(context, { role: "attach" }, async (services) => {
      const { id } = await findRunByReference(services, reference)
      const run = await openGate(services, id)
      await printStatus(context, services, id)
      if ((await readWorkersOf(services, run)).length === 0) {
        say(context, `The gate is open, but nobody works the run. Work it here:  ${commandLine(context, "resume", id)}`)
      }
      return exitCodes.done
    }),
}
