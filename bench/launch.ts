import type pg from "pg"
import { type Cutover, startCutover } from "../test/support/cli.ts"
import type { ProcessUse } from "./BenchResult.ts"
import type { OurOptions } from "./contenders/cutover.ts"
import { key, source } from "./returns.ts"
import type { Copy } from "./server.ts"
import { watchProcess } from "./watchProcess.ts"

/**
 * Starts the cutover of the returns in a process of its own, with live writes captured. It ends with us, for it would
 * look for a server that is gone.
 */
export function startLaunch({ url }: Copy, { parallel, batchTarget, nice = false }: OurOptions): Cutover {
  const where = ["launch", source, "--by", key, "--writes", "capture"]
  const how = ["--parallel", String(parallel), "--batch-target", batchTarget, "--nice", nice ? "on" : "off"]
  const command = startCutover(url, [...where, ...how])
  const end = (): void => void command.process.kill("SIGKILL")
  process.once("exit", end)
  command.process.once("exit", () => process.off("exit", end))
  return command
}

export type RunLog = {
  /** When the first record of a kind was written, in milliseconds since 1970. */
  readonly at: (kind: string) => number
  /** Time that lanes spent on comparing months while others were still being copied, summed over the lanes. */
  readonly comparedMs: number
}

/** Runs it to its end, and says what its process took. */
export async function runLaunch(copy: Copy, options: OurOptions): Promise<{ use: ProcessUse; log: RunLog }> {
  const startedAt = performance.now()
  const command = startLaunch(copy, options)
  using watched = watchProcess(command.process.pid ?? 0)
  await assertDone(command)
  const wallMs = performance.now() - startedAt
  const log = await readRunLog(copy.client)
  const [from, to] = [log.at("run.launched"), log.at("attach.completed")]
  const use = { ...watched.seen(), wallMs, workingCpuMs: watched.cpuBetween(from, to), workingMs: to - from }
  return { use, log }
}

/** Waits for the command's end, and throws what it said unless it was a good one. */
export async function assertDone(command: Cutover): Promise<void> {
  const { code, signal, stderr } = await command.ended
  if (code !== 0) throw new Error(`cutover launch ended with ${code ?? signal}:\n${stderr}`)
}

export async function readRunLog(client: pg.Client): Promise<RunLog> {
  const { rows } = await client.query<{ kind: string; at: number }>(
    `select kind, (extract(epoch from min(at)) * 1000)::float8 as at from cutover.maintenance_log group by kind`,
  )
  const times = new Map(rows.map((row) => [row.kind, row.at]))
  const compared = await client.query<{ ms: number }>(comparedSql)
  return {
    at: (kind) => {
      const at = times.get(kind)
      if (at === undefined) throw new Error(`the log has no ${kind}`)
      return at
    },
    comparedMs: compared.rows[0]?.ms ?? 0,
  }
}

/** Copied months are compared before another is begun, so a lane compares from the one moment to the other. */
const comparedSql = `
select (coalesce(sum(extract(epoch from least(p.validated_at, done.at) - p.copied_at)), 0) * 1000)::float8 as ms
from cutover.partitions p
join (select run_id, min(at) as at from cutover.log where kind = 'copy.completed' group by run_id) as done using (run_id)
where p.copied_at < done.at and p.validated_at is not null
  and (select strategy from cutover.runs r where r.id = p.run_id) <> 'sweep'`
