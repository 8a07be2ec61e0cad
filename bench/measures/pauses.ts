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
import { assertDone, startLaunch } from "../launch.ts"
import { assertPartitioned, source } from "../returns.ts"
import { formatMs } from "../render/units.ts"
import type { Copy } from "../server.ts"
import { timed } from "../timed.ts"
import { undisturbed } from "../undisturbed.ts"
import { waitForRun } from "../waitForRun.ts"

/** How often the command is timed alone in each run. */
const alone = 3

/**
 * Pauses runs at random moments, by the command and from inside a process that is connected already, by turns, until
 * there are as many of each as asked for. Each run goes on after each pause, to its end, and what it made is checked.
 */
export async function measurePauses(bench: Bench): Promise<PauseResult> {
  const pauses: Pause[] = []
  const commandAloneMs: number[] = []
  const othersShares: (number | null)[] = []
  while (pauses.length < 2 * bench.pauses) {
    const wanted = 2 * bench.pauses - pauses.length
    const { found, othersShare } = await undisturbed(bench, () =>
      bench.server.withCopy((copy) => pauseOneRun(bench, copy, wanted)),
    )
    pauses.push(...found.pauses)
    commandAloneMs.push(...found.commandAloneMs)
    othersShares.push(othersShare)
  }
  return { batchTargetMs: runOptionsSchema.parse({}).batchTargetMs, commandAloneMs, othersShares, pauses }
}

type Found = { readonly pauses: Pause[]; readonly commandAloneMs: number[] }

/** Lets a run go on to its end after as many pauses as wanted, or as fit into it. */
async function pauseOneRun(bench: Bench, copy: Copy, wanted: number): Promise<Found> {
  const found: Found = { pauses: [], commandAloneMs: [] }
  const command = startLaunch(copy, { parallel: bench.parallel[0] ?? 2, batchTarget: "1s" })
  const ended = assertDone(command)
  await Promise.race([pauseUntilAttached(bench, copy, found, wanted), ended])
  await ended
  await assertPartitioned(copy.client, source, bench.data)
  return found
}

/** The random wait before each pause, at most: long enough for any piece of work to come to its end between two. */
const waitMs = 1_500

async function pauseUntilAttached(
  { random, say }: Bench,
  copy: Copy,
  { pauses, commandAloneMs }: Found,
  wanted: number,
): Promise<void> {
  const runId = await waitForRun(copy.client)
  const services = await openBenchServices(copy)
  try {
    while (pauses.length < wanted) {
      await sleep(random() * waitMs)
      const how = pauses.length % 2 === 0 ? "command" : "in process"
      const found = await pauseOnce(copy, runId, how, services)
      if (found === undefined) return
      pauses.push(found)
      say(
        `pause, ${wanted - pauses.length} to go, ${how}: ${formatMs(found.ms)}, ${found.underWay.join(" and ")} under way`,
      )
      if (commandAloneMs.length < alone) commandAloneMs.push(await timed(() => pauseByCommand(copy)))
      await resume(services, runId)
    }
  } finally {
    await services.close()
  }
}

/** Undefined when the run was through before it could be paused. */
async function pauseOnce(
  copy: Copy,
  runId: string,
  how: Pause["how"],
  services: OpenServices,
): Promise<Pause | undefined> {
  if (!pausable.has((await look(copy.client, runId)).state)) return undefined
  const looking = lookUntilPaused(copy.client, runId)
  const startedAt = performance.now()
  await (how === "command" ? pauseByCommand(copy) : pauseInProcess(services, runId))
  const endedAt = Date.now()
  const ms = performance.now() - startedAt
  const before = await looking
  if (before === undefined) return undefined
  const { acceptedAt, batchMs } = await readAccepted(copy.client, runId)
  const underWay = before.tasks.length > 0 ? before.tasks : [before.state]
  return { how, ms, afterAcceptedMs: endedAt - acceptedAt, underWay, batchMs }
}

async function pauseByCommand({ url }: Copy): Promise<void> {
  const { code, stderr } = await runCutover(url, ["pause", source])
  if (code !== 0) throw new Error(`cutover pause ended with ${code}:\n${stderr}`)
}

async function pauseInProcess(services: OpenServices, runId: string): Promise<void> {
  await pause(services, runId, { reason: null, forMs: null })
}

/** After these only what cannot be paused sensibly is left. */
const pausable = new Set(["prep", "copy", "validate", "attach"])

type Look = { readonly state: string; readonly control: string; readonly tasks: readonly string[] }

/** What was seen last before the run was paused; undefined when it came to its end instead. */
async function lookUntilPaused(client: pg.Client, runId: string): Promise<Look | undefined> {
  let last = await look(client, runId)
  for (;;) {
    const now = await look(client, runId)
    if (now.control === "paused") return last
    if (!pausable.has(now.state)) return undefined
    last = now
    await sleep(lookEveryMs)
  }
}

const lookEveryMs = 10

async function look(client: pg.Client, runId: string): Promise<Look> {
  const { rows } = await client.query<{ state: string; control: string; busy: string[] | null }>(
    `select r.state, r.control,
            (select array_agg(p.state::text order by p.state)
             from cutover.partitions p
             where p.run_id = r.id and p.state = any($2)) as busy
     from cutover.runs r
     where r.id = $1`,
    [runId, Object.keys(taskOfState)],
  )
  const [row] = rows
  if (row === undefined) throw new Error(`run ${runId} is gone`)
  return { state: row.state, control: row.control, tasks: (row.busy ?? []).map((state) => taskOfState[state] ?? state) }
}

/** When the run was paused, in milliseconds since 1970, and the longest batch that ended after that. */
async function readAccepted(client: pg.Client, runId: string): Promise<{ acceptedAt: number; batchMs: number | null }> {
  const { rows } = await client.query<{ acceptedAt: number; batchMs: number | null }>(
    `with accepted as (
       select max(at) as at from cutover.maintenance_log where run_id = $1 and kind = 'run.paused'
     )
     select (extract(epoch from at) * 1000)::float8 as "acceptedAt",
            (select max(elapsed_ms) from cutover.batches where committed_at > accepted.at) as "batchMs"
     from accepted`,
    [runId],
  )
  if (rows[0] === undefined) throw new Error(`run ${runId} was not paused`)
  return rows[0]
}

async function openBenchServices({ url }: Copy): Promise<OpenServices> {
  return await openServices({
    connectionString: url,
    role: "bench",
    actor: "bench@bench",
    logger: createLogger("silent"),
  })
}
