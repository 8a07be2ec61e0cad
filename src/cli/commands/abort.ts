import { exitCodes } from "../../errors/codes.ts"
import { abort as abortRun } from "../../runtime/commands/abort.ts"
import { findRunByReference } from "../../runtime/findRun.ts"
import { type CliCommand, runArgument } from "../CliCommand.ts"
import { assertConfirmed } from "../assertConfirmed.ts"
import type { Context } from "../context.ts"
import { printStatus } from "../printStatus.ts"
import { withServices } from "../withServices.ts"

/** Before the swap: drops all that the run made. */
export const abort: CliCommand = {
  name: "abort",
  summary: "Before the swap: drop all that the run made",
  description: "Before the swap: drops all that the run made. The table is as it was, and takes writes again.",
  define: (command) => {
    command
      .argument(...runArgument)
      .option("--confirm <schema.table>", "The run's table, typed to say that you mean it.")
  },
  run: async (context: Context, reference: string, { confirm }: { confirm?: string }) =>
    await withServices(context, { role: "abort" }, async (services) => {
      const run = await findRunByReference(services, reference)
      assertConfirmed(context, run, "abort", confirm)
      await abortRun(services, run.id)
      await printStatus(context, services, run.id)
      return exitCodes.done
    }),
}
