import { parseTableName } from "../../domain/tableName.ts"
import { exitCodes } from "../../errors/codes.ts"
import { doctor as lookAtServer } from "../../runtime/commands/doctor.ts"
import type { CliCommand } from "../CliCommand.ts"
import { type Context, print } from "../context.ts"
import { renderDiagnosis } from "../render/findings.ts"
import { withServices } from "../withServices.ts"

/** Says whether this server, this role and this table are fit for a run. */
export const doctor: CliCommand = {
  name: "doctor",
  summary: "Check server, role and table; changes nothing",
  description:
    "Looks at the server's version and settings, connections, replicas and slots, old transactions, the clock and open runs; " +
    "and with a table at the role's privileges, free space and vacuum. Prints the GRANTs that are missing.",
  define: (command) => {
    command.argument("[table]", "schema.table, or table for one in public; quoted as in SQL")
  },
  run: async (context: Context, tableText: string | undefined) => {
    const table = tableText === undefined ? null : parseTableName(tableText)
    return await withServices(context, { role: "doctor" }, async (services) => {
      const diagnosis = await lookAtServer(services, table)
      print(context, diagnosis, renderDiagnosis(diagnosis, context.stdout))
      return diagnosis.findings.some((one) => one.level === "block") ? exitCodes.refused : exitCodes.done
    })
  },
}
