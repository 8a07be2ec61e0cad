import { once } from "node:events"
import { Worker } from "../../runtime/Worker.ts"
import { acrossBreaks } from "../../runtime/acrossBreaks.ts"
import { ensureInstalled } from "../../store/install.ts"
import type { CliCommand } from "../CliCommand.ts"
import type { Context } from "../context.ts"
import { listenForStop } from "../listenForStop.ts"
import { withServices } from "../withServices.ts"

/** Jobs at once. Each run bounds its own by --parallel; for more of them, start more workers. */
const lanes = 4

/** Works every run of the database until it is told to stop. */
export const worker: CliCommand = {
  name: "worker",
  summary: "Work every run of this database, until stopped",
  description:
    "A long-lived executor for every run of this database; any number, on any hosts. Logs to stderr. SIGINT or " +
    "SIGTERM lets batches under way finish.",
  define: () => {},
  run: async (context: Context) =>
    await withServices(context, { role: "worker", isWorking: true, logLevel: "info" }, async (services) => {
      using stop = listenForStop()
      const working = await acrossBreaks(services, async () => {
        await ensureInstalled(services.database)
        return await Worker.start(services, { lanes })
      })
      services.logger.info({ pid: process.pid, lanes }, "the worker is ready")
      if (!stop.signal.aborted) await once(stop.signal, "abort")
      services.logger.info({ signal: stop.name }, "the worker leaves when the batches under way are finished")
      await working.stop()
      return stop.exitCode
    }),
}
