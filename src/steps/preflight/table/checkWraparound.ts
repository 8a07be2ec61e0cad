import { renderTableName } from "../../../domain/tableName.ts"
import { readOne } from "../../../postgres/Queryable.ts"
import { sql } from "../../../postgres/sql.ts"
import { type Check, type TableContext, ok, warn } from "../Check.ts"

/** A vacuum against wraparound does not step aside for the lock of the swap (PostgreSQL manual, 25.1.6). */
export const checkWraparound: Check<TableContext> = async ({ db, source, table }) => {
  const { used, vacuums } = await readOne<{ used: number; vacuums: boolean }>(
    db,
    sql`
    select greatest(age(c.relfrozenxid)::float8 / current_setting('autovacuum_freeze_max_age')::float8,
                    mxid_age(c.relminmxid)::float8 / current_setting('autovacuum_multixact_freeze_max_age')::float8) as used,
           exists (select from pg_stat_progress_vacuum v where v.relid = c.oid) as vacuums
    from pg_class c where c.oid = ${source.oid}`,
  )
  const name = renderTableName(table)
  const percent = `${Math.round(used * 100)} % of the age at which it is vacuumed against wraparound`
  if (used < 0.9 && !vacuums) return [ok("CUTOVER_WRAPAROUND", `${name} is at ${percent}.`)]
  return [
    warn(
      "CUTOVER_WRAPAROUND",
      vacuums
        ? `${name} is being vacuumed just now.`
        : `${name} is at ${percent}, and such a vacuum does not step aside.`,
      "Let the vacuum end first, or start one now: vacuum (freeze) …",
    ),
  ]
}
