import { CutoverError } from "../../errors/CutoverError.ts"
import { exitCodes } from "../../errors/codes.ts"
import { type Verified, verify as verifyRun } from "../../runtime/commands/verify.ts"
import { findRunByReference } from "../../runtime/findRun.ts"
import { type CliCommand, runArgument } from "../CliCommand.ts"
import { type Context, print } from "../context.ts"
import { renderVerified } from "../render/verified.ts"
import { withServices } from "../withServices.ts"

/** Compares the two tables of a run now. */
export const verify: CliCommand = {
  name: "verify",
  summary: "Compare source and target again, now",
  description:
    "Compares source and target partition by partition, or after the swap the new table and the legacy one: every row, " +
    "by hash, each partition in one snapshot. Rows whose changes still wait in the log are left out. Changes nothing.",
  define: (command) => {
    command.argument(...runArgument)
  },
  run: async (context: Context, reference: string) =>
    await withServices(context, { role: "verify" }, async (services) => {
      const { id } = await findRunByReference(services, reference)
      const verified = await verifyRun(services, id)
      print(context, verified, renderVerified(verified, context.stdout))
      if (!verified.equal) throw different(verified)
      return exitCodes.done
    }),
}

function different({ run, partitions }: Verified): CutoverError {
  const labels = partitions.filter((one) => !one.equal).map((one) => one.label)
  return new CutoverError("CUTOVER_DIFFERENT", {
    message: `${run.table} and ${run.comparedWith} differ in ${labels.join(", ")}.`,
    state: "Nothing was changed; the application goes on with the table that it uses.",
    hint: `Before the swap a month is copied anew with: cutover retry ${run.id} --partition <label>`,
    details: { partitions: labels },
  })
}
