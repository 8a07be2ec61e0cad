import { sql } from "../../../postgres/sql.ts"
import { type Check, type ServerContext, ok, warn } from "../Check.ts"

/** Old snapshots make a swap wait, and keep vacuum from what the change log has no use for any more. */
const oldMinutes = 10

/** Transactions open for long, and prepared ones, which nothing but a person ends. */
export const checkTransactions: Check<ServerContext> = async ({ db }) => {
  const { rows } = await db.query<{ who: string; prepared: boolean }>(sql`
    select who, prepared
    from (
      select format('pid %s (%s) has a transaction open for %s min: %s', pid, concat_ws(', ', usename, nullif(application_name, '')),
                    round(extract(epoch from clock_timestamp() - xact_start) / 60), regexp_replace(left(query, 80), '\\s+', ' ', 'g')) as who,
             false as prepared, xact_start as since
      from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
        and xact_start < clock_timestamp() - ${oldMinutes}::int * interval '1 minute'
      union all
      select format('prepared transaction %s of %s has waited since %s UTC', quote_literal(gid), owner, to_char(prepared, 'YYYY-MM-DD HH24:MI')), true, prepared
      from pg_prepared_xacts
      where database = current_database()
    ) as open
    order by since
    limit 5`)
  if (rows.length === 0)
    return [ok("CUTOVER_LONG_TRANSACTION", `no transaction is older than ${oldMinutes} minutes, none is prepared.`)]
  return rows.map(({ who, prepared }) =>
    warn(
      "CUTOVER_LONG_TRANSACTION",
      `${who}. If it has used the table, the swap waits for it.`,
      prepared ? "Commit it or roll it back: commit prepared …" : "Let it end; the swap names whom it waits for.",
    ),
  )
}
