import { readOne } from "../../../postgres/Queryable.ts"
import { sql } from "../../../postgres/sql.ts"
import { type Check, type Finding, type ServerContext, ok, warn } from "../Check.ts"

/** From here on a replica is behind, not just busy. */
const lagSeconds = 10

type Replica = { readonly name: string; readonly seconds: number | null; readonly isSilent: boolean }

/**
 * Replicas replay what a run writes; one that is behind already will be further behind, and a synchronous one slows every commit.
 * One without hot_standby_feedback is silent. What our role may not see, or what replays nothing, like a backup, is not called so.
 */
export const checkReplicas: Check<ServerContext> = async ({ db }) => {
  const { rows } = await db.query<Replica>(sql`
    select coalesce(nullif(w.application_name, ''), w.pid::text) as name, extract(epoch from w.replay_lag)::float8 as seconds,
           w.replay_lsn is not null and s.slot_type is distinct from 'logical'
           and coalesce(w.backend_xmin, s.xmin) is null as "isSilent"
    from pg_stat_replication w
    left join pg_replication_slots s on s.active_pid = w.pid
    order by 1`)
  const { names } = await readOne<{ names: string }>(
    db,
    sql`select current_setting('synchronous_standby_names') as names`,
  )
  const behind = rows.filter((one) => (one.seconds ?? 0) > lagSeconds)
  const findings: Finding[] = behind.map(({ name, seconds }) =>
    warn(
      "CUTOVER_REPLICA_LAG",
      `replica ${name} is ${Math.round(seconds ?? 0)} s behind.`,
      "Find out why before a run writes as much again as the table is large.",
    ),
  )
  for (const { name } of rows.filter((one) => one.isSilent))
    findings.push(
      warn(
        "CUTOVER_REPLICA_FEEDBACK",
        `replica ${name} does not tell of its snapshots (hot_standby_feedback): a REPEATABLE READ report that runs there when the table is swapped may read it as empty afterwards.`,
        "Set hot_standby_feedback = on there, and the swap waits for such reports; or let none run there when it comes.",
      ),
    )
  if (names !== "")
    findings.push(
      warn(
        "CUTOVER_REPLICA_LAG",
        `every commit waits for synchronous replicas (synchronous_standby_names = ${names}), the short one of the swap too, while the lock is held.`,
        "Swap in an hour in which they are near: --attach-window.",
      ),
    )
  return findings.length > 0 ? findings : [ok("CUTOVER_REPLICA_LAG", `${rows.length} replicas, none of them behind.`)]
}
