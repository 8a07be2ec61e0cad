import type { Command } from "commander"
import { launch as launchRun } from "../../runtime/commands/launch.ts"
import type { CliCommand } from "../CliCommand.ts"
import type { Context } from "../context.ts"
import { type LaunchFlags, defineLaunchOptions, readLaunchRequest } from "../launchRequest.ts"
import { reportLeft } from "../reportLeft.ts"
import { sayLaunched } from "../sayLaunched.ts"
import { takeUp } from "../takeUp.ts"
import { workInForeground } from "../foreground.ts"
import { withServices } from "../withServices.ts"

/** Starts a run, and works it here with progress, or leaves it to workers. */
export const launch: CliCommand = {
  name: "launch",
  summary: "Start a run, and work it here with progress",
  description:
    "Starts a run and works it here, in the foreground, until there is nothing to do now. Prints first the run's id " +
    "and how to watch, pause, resume and undo it. Ctrl-C lets the batch under way finish; nothing is lost.",
  define,
  run: async (context: Context, tableText: string, flags: LaunchFlags & { readonly detach?: boolean }) => {
    const request = await readLaunchRequest(context, tableText, flags)
    return await withServices(context, { role: "launch", isWorking: true }, async (services) => {
      const run = await launchRun(services, request)
      sayLaunched(context, run)
      if (flags.detach === true) return await takeUp(context, services, run, { detach: true })
      return reportLeft(context, run, await workInForeground(context, services, run))
    })
  },
}

function define(command: Command): void {
  command
    .argument("<table>", "schema.table, or table for one in public; quoted as in SQL")
    .usage("<table> --by <column> [options]")
    .requiredOption("--by <column>", "The partition key: a date, timestamp or timestamptz.")
    .option("--detach", "Leave the work to workers, and return at once.")
  defineLaunchOptions(command)
  command.addHelpText(
    "after",
    `
All options can also stand in cutover.config.{ts,js,json} (batchTarget: "1s") and in the environment
(CUTOVER_BATCH_TARGET=1s). A flag wins over the environment, that over the file.

Examples:
  $ cutover launch returns_raw --by return_date --writes block
  $ cutover launch sales.orders --by created_at --writes block --timezone Europe/Berlin --parallel 4
  $ cutover launch returns_raw --by return_date --writes block --attach manual --detach`,
  )
}
