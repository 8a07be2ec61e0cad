import { retry as retryRun } from "../../runtime/commands/retry.ts"
import { findRunByReference } from "../../runtime/findRun.ts"
import { type CliCommand, runArgument } from "../CliCommand.ts"
import type { Context } from "../context.ts"
import { takeUp } from "../takeUp.ts"
import { withServices } from "../withServices.ts"

type RetryFlags = { readonly partition?: string; readonly detach?: boolean }

/** Tries a halted step again, or copies one partition anew, and works the run here unless others do. */
export const retry: CliCommand = {
  name: "retry",
  summary: "Try a failed step or partition again",
  description: "Tries a failed step again, or copies one partition anew, and goes on from there.",
  define: (command) => {
    command
      .argument(...runArgument)
      .option("--partition <label>", "Copy this partition anew, such as 2025-11.")
      .option("--detach", "Leave the work to workers, and return at once.")
  },
  run: async (context: Context, reference: string, { partition, detach = false }: RetryFlags) =>
    await withServices(context, { role: "retry", isWorking: true }, async (services) => {
      const { id } = await findRunByReference(services, reference)
      const run = await retryRun(services, id, { partition: partition ?? null })
      return await takeUp(context, services, run, { detach })
    }),
}
