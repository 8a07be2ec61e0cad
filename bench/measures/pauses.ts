import { setTimeout as sleep } from "node:timers/promises"
import type pg from "pg"
import { runOptionsSchema } from "../../src/config/runOptions.ts"
import { createLogger } from "../../src/log/createLogger.ts"
import { taskOfState } from "../../src/machine/partitionMachine.ts"
import { pause } from "../../src/runtime/commands/pause.ts"
import { resume } from "../../src/runtime/commands/resume.ts"
import { type OpenServices, openServices } from "../../src/runtime/openServices.ts"
import { runCutover } from "../../test/support/cli.ts"
import type { Bench } from "../Bench.ts"
import type { Pause, PauseResult } from "../BenchResult.ts"
import { assertPartitioned, flightsTable } from "../flights.ts"
import { assertDone, startLaunch } from "../launch.ts"
import { formatMs } from "../render/units.ts"
import type { Copy } from "../server.ts"
import { waitForRun } from "../waitForRun.ts"

/** How often the command is timed alone. */
const alone = 5

/**
 * Pauses runs at random moments, by the command and from inside a process that is connected already, by turns, until
 * there are as many of each as asked for. Each run goes on after each pause, to its end, and what it made is checked.
 */
export async function measurePauses(bench: Bench): Promise<PauseResult> {
  const pauses: Pause[] = []
  const commandAloneMs: number[] = []
  while (pauses.length < 2 * bench.pauses) {
    await bench.server.withCopy(async (copy) => {
      const command = startLaunch(copy)
      const ended = assertDone(command)
      await Promise.race([pauseUntilAttached(bench, copy, { pauses, commandAloneMs }), ended])
      await ended
      await assertPartitioned(copy.client, flightsTable, bench.data)
    })
  }
  return { batchTargetMs: runOptionsSchema.parse({}).batchTargetMs, commandAloneMs, pauses }
}

type Found = { readonly pauses: Pause[]; readonly commandAloneMs: number[] }

/** The random wait before each pause, at most: long enough for any piece of work to come to its end between two. */
const waitMs = 1_500

async function pauseUntilAttached(bench: Bench, copy: Copy, { pauses, commandAloneMs }: Found): Promise<void> {
  const runId = await waitForRun(copy.client)
  const services = await openBenchServices(copy)
  try {
    while (pauses.length < 2 * bench.pauses) {
      await sleep(bench.random() * waitMs)
      const how = pauses.length % 2 === 0 ? "command" : "in process"
      const before = await look(copy.client, runId)
      if (!pausable.has(before.state)) return
      const ms = await timed(how === "command" ? () => pauseByCommand(copy) : () => pauseInProcess(services, runId))
      const batchMs = await readLongestBatch(copy.client, before.at)
      pauses.push({ how, ms, underWay: before.tasks.length > 0 ? before.tasks : [before.state], batchMs })
      bench.say(`pause ${pauses.length} of ${2 * bench.pauses}, ${how}: ${formatMs(ms)}, ${pauses.at(-1)?.underWay.join(" and ")} under way`)
      if (commandAloneMs.length < alone) commandAloneMs.push(await timed(() => pauseByCommand(copy)))
      await resume(services, runId)
    }
  } finally {
    await services.close()
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

async function pauseByCommand({ url }: Copy): Promise<void> {
  const { code, stderr } = await runCutover(url, ["pause", flightsTable])
  if (code !== 0) throw new Error(`cutover pause ended with ${code}:\n${stderr}`)
}

async function pauseInProcess(services: OpenServices, runId: string): Promise<void> {
  await pause(services, runId, { reason: null, forMs: null })
}

/** After these only what cannot be paused sensibly is left. */
const pausable = new Set(["prep", "copy", "validate", "attach"])

type Before = { readonly state: string; readonly tasks: readonly string[]; readonly at: string }

async function look(client: pg.Client, runId: string): Promise<Before> {
  const { rows } = await client.query<{ state: string; busy: string[] | null; at: string }>(
    `select r.state, clock_timestamp()::text as at,
            (select array_agg(p.state::text order by p.state) from cutover.partitions p where p.run_id = r.id and p.state = any($2)) as busy
     from cutover.runs r
     where r.id = $1`,
    [runId, Object.keys(taskOfState)],
  )
  const [row] = rows
  if (row === undefined) throw new Error(`run ${runId} is gone`)
  return { state: row.state, at: row.at, tasks: (row.busy ?? []).map((state) => taskOfState[state] ?? state) }
}

async function readLongestBatch(client: pg.Client, since: string): Promise<number | null> {
  const { rows } = await client.query<{ ms: number | null }>(
    "select max(elapsed_ms) as ms from cutover.batches where committed_at > $1::timestamptz",
    [since],
  )
  return rows[0]?.ms ?? null
}

async function openBenchServices({ url }: Copy): Promise<OpenServices> {
  return await openServices({ connectionString: url, role: "bench", actor: "bench@bench", logger: createLogger("silent") })
}
