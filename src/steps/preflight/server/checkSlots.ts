import { sql } from "../../../postgres/sql.ts"
import { type Check, type ServerContext, ok, warn } from "../Check.ts"

type Slot = { readonly name: string; readonly active: boolean; readonly retained: string; readonly status: string }

/** An inactive slot retains all the WAL that a run writes; one over its limit is lost to its subscriber. */
export const checkSlots: Check<ServerContext> = async ({ db }) => {
  const { rows } = await db.query<Slot>(sql`
    select slot_name as name, active, coalesce(wal_status, 'unknown') as status,
           pg_size_pretty(pg_wal_lsn_diff(case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end, restart_lsn)) as retained
    from pg_replication_slots
    where not temporary
    order by slot_name`)
  const amiss = rows.filter((slot) => !slot.active || slot.status === "unreserved" || slot.status === "lost")
  if (amiss.length === 0) return [ok("CUTOVER_WAL_RETAINED", `${rows.length} replication slots, none of them behind.`)]
  return amiss.map(({ name, active, retained, status }) =>
    warn(
      "CUTOVER_WAL_RETAINED",
      `replication slot ${name} is ${active ? status : "not in use"} and retains ${retained} of WAL; a run writes about as much as the table is large, and all of it would be retained too.`,
      "Let its subscriber catch up, or drop the slot if nobody needs it: select pg_drop_replication_slot(…).",
    ),
  )
}
