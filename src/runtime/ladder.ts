import type { RunOptions } from "../config/runOptions.ts"
import { formatDuration } from "../domain/duration.ts"
import { type Queryable, readOne } from "../postgres/Queryable.ts"
import { givenUpMs } from "../postgres/Watchdog.ts"
import { sql } from "../postgres/sql.ts"
import { type Finding, block, ok } from "../steps/preflight/Check.ts"
import { heartbeatSeconds } from "./Queue.ts"
import { heartbeatMs } from "./Worker.ts"

/** What a session of ours waits at most, as the server has it; milliseconds, 0 for no limit. */
export type ServerLimits = {
  readonly lock: number
  readonly deadlock: number
  readonly idleInTransaction: number
  readonly statement: number
  /** After which a connection whose other end is gone ends; 0 where the socket has no such thing. */
  readonly keepAlive: number
}

type Rung = { readonly name: string; readonly ms: number }

/** `below` must end before `above`, or else what `why` says. */
type Step = { readonly below: Rung; readonly above: Rung; readonly why: string }

/** No attempt at a lock can be shorter: `--lock-timeout` takes no less. */
const shortestLockMs = 10

/**
 * The order of all timeouts, stated once: who gives up first is always whoever loses least by it. What has no limit is above all
 * others; a lock wait without one is below none.
 */
export function ladderOf(server: ServerLimits, options: Pick<RunOptions, "batchTargetMs">): readonly Step[] {
  const lock = { name: "our wait for a lock", ms: Math.max(shortestLockMs, server.lock || Infinity) }
  const deadlock = { name: "deadlock_timeout", ms: server.deadlock }
  const target = { name: "--batch-target", ms: options.batchTargetMs }
  const givenUp = { name: "the patience with a connection that says nothing", ms: givenUpMs }
  const idle = { name: "idle_in_transaction_session_timeout", ms: server.idleInTransaction || Infinity }
  const statement = { name: "statement_timeout", ms: server.statement || Infinity }
  const keepAlive = { name: "the end of a connection by tcp_keepalives", ms: server.keepAlive || Infinity }
  const beats = { name: "two heartbeats of a worker", ms: 2 * heartbeatMs }
  const stuck = { name: "the time after which a worker counts as stuck", ms: heartbeatSeconds * 1_000 }
  return [
    { below: lock, above: deadlock, why: "the application could lose a deadlock to us" },
    { below: target, above: statement, why: "batches as long as they are meant to be would be cancelled" },
    { below: givenUp, above: idle, why: "a transaction would end before anybody has asked what it waits for" },
    { below: givenUp, above: keepAlive, why: "a connection would end before anybody has asked what it waits for" },
    { below: idle, above: statement, why: "a stopped process would hold its locks longer than a statement may last" },
    { below: beats, above: stuck, why: "one lost heartbeat would take a job away from a worker that is alive" },
  ]
}

/** What stands the wrong way round. */
export function wrongSteps(ladder: readonly Step[]): readonly Step[] {
  return ladder.filter(({ below, above }) => !(below.ms < above.ms))
}

/** The ladder of a run with these options on this server, as findings: what stands the wrong way round blocks. */
export async function checkLadder(
  db: Queryable,
  options: Pick<RunOptions, "batchTargetMs">,
): Promise<readonly Finding[]> {
  const wrong = wrongSteps(ladderOf(await readServerLimits(db), options))
  if (wrong.length === 0) return [ok("CUTOVER_TIMEOUTS", "the timeouts of the server and ours are in their order.")]
  return wrong.map(({ below, above, why }) =>
    block(
      "CUTOVER_TIMEOUTS",
      `${above.name} is ${render(above)}, and ${below.name} is ${render(below)}: ${why}.`,
      above.name === "deadlock_timeout"
        ? "Raise deadlock_timeout of the server, the database or the role; PostgreSQL's own value is 1s."
        : `Let ${above.name} be longer, or ${below.name} shorter.`,
    ),
  )
}

function render({ ms }: Rung): string {
  return ms === Infinity ? "without end" : formatDuration(ms)
}

/** As they are in a session of ours, which has set most of them itself: a pooler, or a role, may have them otherwise. */
async function readServerLimits(db: Queryable): Promise<ServerLimits> {
  return await readOne<ServerLimits>(
    db,
    sql`
    select max(setting::int) filter (where name = 'lock_timeout') as lock,
           max(setting::int) filter (where name = 'deadlock_timeout') as deadlock,
           max(setting::int) filter (where name = 'idle_in_transaction_session_timeout') as "idleInTransaction",
           max(setting::int) filter (where name = 'statement_timeout') as statement,
           1000 * (max(setting::int) filter (where name = 'tcp_keepalives_idle')
                   + max(setting::int) filter (where name = 'tcp_keepalives_interval')
                     * max(setting::int) filter (where name = 'tcp_keepalives_count')) as "keepAlive"
    from pg_settings
    where name in ('lock_timeout', 'deadlock_timeout', 'idle_in_transaction_session_timeout', 'statement_timeout',
                   'tcp_keepalives_idle', 'tcp_keepalives_interval', 'tcp_keepalives_count')`,
  )
}
