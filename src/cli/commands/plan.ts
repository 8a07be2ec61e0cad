import { exitCodes } from "../../errors/codes.ts"
import { type Plan, plan as planRun } from "../../runtime/commands/plan.ts"
import type { CliCommand } from "../CliCommand.ts"
import type { Context } from "../context.ts"
import { print } from "../context.ts"
import { type LaunchFlags, defineLaunchOptions, readLaunchRequest } from "../launchRequest.ts"
import { renderPlan } from "../render/plan.ts"
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

/** What stands above the statements, so that nobody takes them for a script. */
const forReview = `-- For review, not to be run by hand. A run copies in batches, replays the changes that its triggers
-- capture, compares every row, checks under the lock that nothing changed, and hands over what it can only know once the
-- partitioned table is there: positions and names of identity sequences, names of extended statistics.
`

/** For review: what a run executes, in its order. */
function renderSql({ sql }: Plan): string {
  return sql
    .flatMap(({ step, lock, text }, n) => {
      const previous = sql[n - 1]
      const isNew = previous?.step !== step || previous.lock !== lock
      return [...(isNew ? [`\n-- ${step}: locks ${lock}`] : []), `${text.replace(/^\n/, "").trimEnd()};`]
    })
    .join("\n")
    .replace(/^/, forReview)
}
