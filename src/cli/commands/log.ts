import { setTimeout as sleep } from "node:timers/promises"
import { exitCodes } from "../../errors/codes.ts"
import type { LogRecord } from "../../log/records.ts"
import { acrossBreaks } from "../../runtime/acrossBreaks.ts"
import { findRunByReference } from "../../runtime/findRun.ts"
import type { Services } from "../../runtime/Services.ts"
import { readRecords } from "../../store/log.ts"
import { readRun } from "../../store/runs.ts"
import { type CliCommand, runArgument } from "../CliCommand.ts"
import type { Context } from "../context.ts"
import { listenForStop } from "../listenForStop.ts"
import { renderLogRecord } from "../render/logRecord.ts"
import { withServices } from "../withServices.ts"

/** Prints the maintenance log of a run. */
export const log: CliCommand = {
  name: "log",
  summary: "Print the maintenance log of a run",
  description: "Prints the maintenance log of a run: one line, or with --json one JSON object, a record.",
  define: (command) => {
    command.argument(...runArgument).option("--follow", "Wait for more, until the run is finished or Ctrl-C.")
  },
  run: async (context: Context, reference: string, { follow = false }: { follow?: boolean }) =>
    await withServices(context, { role: "log" }, async (services) => {
      const { id } = await findRunByReference(services, reference)
      if (follow) return await followLog(context, services, id)
      await printAfter(context, services, id, 0)
      return exitCodes.done
    }),
}

const everyMs = 500

async function followLog(context: Context, services: Services, runId: string): Promise<number> {
  using stop = listenForStop()
  const signal = AbortSignal.any([stop.signal, context.stdout.gone])
  let seq = 0
  while (!signal.aborted) {
    // Asked before the records are read: a finished run writes no more of them.
    const { finishedAt } = await acrossBreaks(services, () => readRun(services.database, runId), signal)
    seq = await printAfter(context, services, runId, seq)
    if (finishedAt !== null) return exitCodes.done
    await sleep(everyMs, undefined, { signal }).catch(() => {})
  }
  return stop.signal.aborted ? stop.exitCode : exitCodes.done
}

/** Prints the records after `seq` and returns the last one's seq. The run's lock orders them, so none comes late. */
async function printAfter(
  { stdout, isJson }: Context,
  services: Services,
  runId: string,
  seq: number,
): Promise<number> {
  let last = seq
  for (;;) {
    const after = last
    const records: LogRecord[] = await acrossBreaks(services, () => readRecords(services.database, runId, after))
    for (const record of records)
      stdout.write(isJson ? JSON.stringify(record) : renderLogRecord(record, { color: stdout.color }))
    if (records.length === 0 || stdout.gone.aborted) return last
    last = records.at(-1)?.seq ?? last
  }
}
