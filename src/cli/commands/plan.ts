import { exitCodes } from "../../errors/codes.ts"
import { plan as planRun } from "../../runtime/commands/plan/plan.ts"
import type { CliCommand } from "../CliCommand.ts"
import type { Context } from "../context.ts"
import { print } from "../context.ts"
import { type LaunchFlags, defineLaunchOptions, readLaunchRequest } from "../launchRequest.ts"
import { renderPlan } from "../render/plan.ts"
import { renderSql } from "../render/planSql.ts"
import { withServices } from "../withServices.ts"

/** Says what a launch would do, and what is in its way. */
export const plan: CliCommand = {
  name: "plan",
  summary: "Say what a launch would do; changes nothing",
  description:
    "Looks at the table as a launch would and says what it would do: the partitions, the strategy and its reason, the " +
    "disk and WAL it needs, and all that is in the way. Changes nothing. Takes the options of launch.",
  define: (command) => {
    command
      .argument("<table>", "schema.table, or table for one in public; quoted as in SQL")
      .usage("<table> --by <column> [options]")
      .requiredOption("--by <column>", "The partition key: a date, timestamp or timestamptz.")
      .option("--sql", "Print the statements in their order, each with the lock it takes.")
    defineLaunchOptions(command)
  },
  run: async (context: Context, tableText: string, flags: LaunchFlags & { readonly sql?: boolean }) => {
    const request = await readLaunchRequest(context, tableText, flags)
    return await withServices(context, { role: "plan" }, async (services) => {
      const planned = await planRun(services, request)
      const { color, width } = context.stdout
      print(context, planned, flags.sql === true ? renderSql(planned) : renderPlan(planned, { color, width }))
      return planned.findings.some((one) => one.level === "block") ? exitCodes.refused : exitCodes.done
    })
  },
}
