import { readOne } from "../../../postgres/Queryable.ts"
import { sql } from "../../../postgres/sql.ts"
import { type Check, type Finding, type ServerContext, ok, warn } from "../Check.ts"

/** From here on a replica is behind, not just busy. */
const lagSeconds = 10

type Replica = { readonly name: string; readonly state: string | null; readonly seconds: number | null }

/** Replicas replay what a run writes; one that is behind already will be further behind, and a synchronous one slows every commit. */
export const checkReplicas: Check<ServerContext> = async ({ db }) => {
  const { rows } = await db.query<Replica>(sql`
    select coalesce(nullif(application_name, ''), pid::text) as name, state, extract(epoch from replay_lag)::float8 as seconds
    from pg_stat_replication
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
