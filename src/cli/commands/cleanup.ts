import { exitCodes } from "../../errors/codes.ts"
import { cleanupNow } from "../../runtime/commands/cleanup.ts"
import { findRunByReference } from "../../runtime/findRun.ts"
import { type CliCommand, runArgument } from "../CliCommand.ts"
import { assertConfirmed } from "../assertConfirmed.ts"
import type { Context } from "../context.ts"
import { printStatus } from "../printStatus.ts"
import { withServices } from "../withServices.ts"

type CleanupFlags = { readonly confirm?: string; readonly beforeWindow?: boolean; readonly reason?: string }

/** Drops the legacy table and ends the run. */
export const cleanup: CliCommand = {
  name: "cleanup",
  summary: "Drop the legacy table after its fallback window",
  description: "Drops the table as it was before the swap, once the fallback window is over, and ends the run.",
  define: (command) => {
    command
      .argument(...runArgument)
      .option("--confirm <schema.table>", "The run's table, typed to say that you mean it.")
      .option("--before-window", "Drop it although the fallback window is open; wants --reason.")
      .option("--reason <text>", "Why, for the log.")
  },
  run: async (context: Context, reference: string, { confirm, beforeWindow = false, reason }: CleanupFlags) =>
    await withServices(context, { role: "cleanup" }, async (services) => {
      const run = await findRunByReference(services, reference)
      assertConfirmed(context, run, "cleanup", confirm)
      await cleanupNow(services, run.id, { beforeWindow, reason: reason ?? null })
      await printStatus(context, services, run.id)
      return exitCodes.done
    }),
}
