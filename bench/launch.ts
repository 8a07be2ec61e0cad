import type pg from "pg"
import { type Cutover, startCutover } from "../test/support/cli.ts"
import type { ProcessUse } from "./BenchResult.ts"
import { flightsTable } from "./flights.ts"
import type { Copy } from "./server.ts"
import { watchProcess } from "./watchProcess.ts"

/**
 * Starts the cutover of the flights in a process of its own, with the default options of a maintenance window. It ends
 * with us, for it would look for a server that is gone.
 */
export function startLaunch({ url }: Copy): Cutover {
  const command = startCutover(url, ["launch", flightsTable, "--by", "date", "--writes", "block"])
  const end = (): void => void command.process.kill("SIGKILL")
  process.once("exit", end)
  command.process.once("exit", () => process.off("exit", end))
  return command
}

/** When the first record of each kind was written, in milliseconds since 1970. */
export type LogTimes = { readonly at: (kind: string) => number }

/** Runs it to its end, and says what its process took. */
export async function runLaunch(copy: Copy): Promise<{ use: ProcessUse; log: LogTimes }> {
  const startedAt = performance.now()
  const command = startLaunch(copy)
  using watched = watchProcess(command.process.pid ?? 0)
  await assertDone(command)
  const use = { ...watched.seen(), wallMs: performance.now() - startedAt }
  return { use, log: await readLogTimes(copy.client) }
}

/** Waits for the command's end, and throws what it said unless it was a good one. */
export async function assertDone(command: Cutover): Promise<void> {
  const { code, signal, stderr } = await command.ended
  if (code !== 0) throw new Error(`cutover launch ended with ${code ?? signal}:\n${stderr}`)
}

async function readLogTimes(client: pg.Client): Promise<LogTimes> {
  const { rows } = await client.query<{ kind: string; at: number }>(
    `select kind, (extract(epoch from min(at)) * 1000)::float8 as at from cutover.maintenance_log group by kind`,
  )
  const times = new Map(rows.map((row) => [row.kind, row.at]))
  return {
    at: (kind) => {
      const at = times.get(kind)
      if (at === undefined) throw new Error(`the log has no ${kind}`)
      return at
    },
  }
}
