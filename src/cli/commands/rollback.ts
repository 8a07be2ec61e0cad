import { formatDuration } from "../../domain/duration.ts"
import { renderTableName } from "../../domain/tableName.ts"
import { exitCodes } from "../../errors/codes.ts"
import { acrossBreaks } from "../../runtime/acrossBreaks.ts"
import { rollback as rollBack } from "../../runtime/commands/rollback.ts"
import { findRunByReference } from "../../runtime/findRun.ts"
import { readStatus } from "../../store/status.ts"
import { type CliCommand, runArgument } from "../CliCommand.ts"
import { type Context, print } from "../context.ts"
import { workInForeground } from "../foreground.ts"
import { readWorkersOf } from "../takeUp.ts"
import { withServices } from "../withServices.ts"

/** After the swap: swaps back, and loses no write made since. */
export const rollback: CliCommand = {
  name: "rollback",
  summary: "After the swap: swap back, losing no write",
  description:
    "After the swap and until the cleanup: the table as it was catches up with every write made since, gets its name " +
    "back, and the partitioned one is dropped. Refuses while a row does not fit into the old keys.",
  define: (command) => {
    command.argument(...runArgument).option("--reason <text>", "Why, for the log.")
  },
  run: async (context: Context, reference: string, { reason }: { reason?: string }) =>
    await withServices(context, { role: "rollback", isWorking: true }, async (services) => {
      const { id } = await findRunByReference(services, reference)
      const { run, lockHeldMs } = await rollBack(services, id, reason ?? null)
      if ((await readWorkersOf(services, run)).length === 0) await workInForeground(context, services, run)
      const text = `${renderTableName(run.table)} is the table it was, with every write made since; the lock was held ${formatDuration(lockHeldMs)}.`
      print(context, await acrossBreaks(services, () => readStatus(services.database, id)), text)
      return exitCodes.done
    }),
}
