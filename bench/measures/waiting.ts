import { setTimeout as sleep } from "node:timers/promises"
import type pg from "pg"
import { taskOfState } from "../../src/machine/partitionMachine.ts"
import type { Bench } from "../Bench.ts"
import type { WaitingSample } from "../BenchResult.ts"
import type { OurOptions } from "../contenders/cutover.ts"
import { assertDone, startLaunch } from "../launch.ts"
import { undisturbed } from "../undisturbed.ts"
import { waitForRun } from "../waitForRun.ts"
import { formatShare } from "../render/units.ts"
import type { Copy } from "../server.ts"

/**
 * How long the database waits for us while it copies. A hundred times a second, while the run is in its copy step, one
 * statement counts the partitions and stripes that are under way (copying, indexing, catching up, or compared already) and the
 * sessions of ours that are at work for them: `active`, and waiting neither for their client nor for a lock. A
 * partition under way without such a session is one that waits for us. Bookkeeping that the database does for us
 * counts as work here; `turnaroundShare` has it.
 */
export async function measureWaiting(bench: Bench): Promise<WaitingSample[]> {
  const { server, runs, say } = bench
  const options = { parallel: bench.parallel[0] ?? 2, batchTarget: bench.batchTarget }
  const found: WaitingSample[] = []
  for (let round = 0; round < runs; round++) {
    const { found: sample, othersShare } = await undisturbed(bench, () =>
      server.withCopy((copy) => watchOne(copy, options)),
    )
    found.push({ ...sample, othersShare })
    say(`waiting for us, run ${round + 1} of ${runs}: ${formatShare(sample.idleMs / sample.underWayMs)} of the copy`)
  }
  return found
}

async function watchOne(copy: Copy, options: OurOptions): Promise<Omit<WaitingSample, "othersShare">> {
  const command = startLaunch(copy, options)
  const ended = assertDone(command)
  const runId = await Promise.race([waitForRun(copy.client), ended.then(() => "")])
  const looks = await lookUntilCopied(copy.client, runId)
  await ended
  return { ...sumUp(looks), ...(await readTurnaround(copy.client)) }
}

type Look = { readonly at: number; readonly state: string; readonly underWay: number; readonly working: number }

const lookEveryMs = 10

async function lookUntilCopied(client: pg.Client, runId: string): Promise<Look[]> {
  const looks: Look[] = []
  for (;;) {
    const startedAt = performance.now()
    const { rows } = await client.query<Omit<Look, "at">>(lookSql, [runId, Object.keys(taskOfState)])
    const [row] = rows
    if (row === undefined) throw new Error(`run ${runId} is gone`)
    looks.push({ ...row, at: startedAt })
    if (row.state !== "prep" && row.state !== "copy") return looks
    await sleep(Math.max(0, lookEveryMs - (performance.now() - startedAt)))
  }
}

const lookSql = `
select r.state,
       (select count(*)::int from cutover.partitions p where p.run_id = r.id and p.state = any($2))
         + (select count(*)::int from cutover.stripes s where s.run_id = r.id and s.next_block < s.to_block) as "underWay",
       (select count(*)::int
        from pg_stat_activity a
        where a.datname = current_database() and a.application_name like 'cutover/%'
          and a.backend_type = 'client backend' and a.state = 'active'
          and coalesce(a.wait_event_type, '') not in ('Client', 'Lock')) as working
from cutover.runs r
where r.id = $1`

/** Each look counts for the time until the next one. */
function sumUp(looks: readonly Look[]): Pick<WaitingSample, "samples" | "underWayMs" | "idleMs"> {
  const inCopy = looks.flatMap((look, index) => {
    const next = looks[index + 1]
    return look.state === "copy" && next !== undefined ? [{ ...look, ms: next.at - look.at }] : []
  })
  return {
    samples: inCopy.length,
    underWayMs: inCopy.reduce((sum, { ms, underWay }) => sum + ms * underWay, 0),
    idleMs: inCopy.reduce((sum, { ms, underWay, working }) => sum + ms * Math.max(0, underWay - working), 0),
  }
}

/**
 * From the ledger of batches. Its time of commit is written right after the statement that copied, before the rest of
 * the transaction: what lies between it and the begin of the partition's next statement is the checkpoint, the state
 * of the run, the next job, the commit, and the fetching of that job.
 */
async function readTurnaround(
  client: pg.Client,
): Promise<Pick<WaitingSample, "turnaroundShare" | "medianTurnaroundMs">> {
  const { rows } = await client.query<{ share: number | null; median: number | null }>(`
    with statement as (
      select partition_id, seq, elapsed_ms as ms, extract(epoch from committed_at) * 1000 as ended_at,
             extract(epoch from committed_at) * 1000 - elapsed_ms
               - lag(extract(epoch from committed_at) * 1000) over (partition by partition_id order by seq) as gap_ms
      from cutover.batches
      where not exists (select from cutover.stripes)
    )
    select (sum(gap_ms) / (sum(gap_ms) + sum(ms)))::float8 as share,
           percentile_cont(0.5) within group (order by gap_ms)::float8 as median
    from statement`)
  return { turnaroundShare: rows[0]?.share ?? null, medianTurnaroundMs: rows[0]?.median ?? null }
}
