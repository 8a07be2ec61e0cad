import pg from "pg"
import type { Backend } from "./backend.ts"
import type { DatabaseConfig } from "./DatabaseConfig.ts"
import type { Queryable } from "./Queryable.ts"
import { type Sql, ident, literal, raw, sql } from "./sql.ts"

/**
 * A network that went away without a word is noticed after this long and ten probes, a second apart (libuv's); left to the
 * system it would be after two hours.
 */
const keepAliveMs = 10_000

/** What every connection of ours is opened with: pg-boss's and the listener's too. */
export function clientConfig(config: DatabaseConfig): pg.ClientConfig {
  return {
    ...(config.connectionString === undefined ? {} : { connectionString: config.connectionString }),
    application_name: config.applicationName,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
    types: textTypes,
  }
}

/**
 * Names resolve in pg_catalog only, times are UTC, row security errs instead of hiding rows.
 * Lock waits stay below deadlock_timeout (1 s, unless somebody set it otherwise), so that an application never loses a deadlock to us;
 * never 0, which would be no limit. Returns whom we talk to.
 */
export async function setUpSession(client: pg.ClientBase): Promise<Backend> {
  const wanted = Object.entries(sessionSettings).map(([name, value]) => `('${name}', '${value}')`)
  // Only those that the server has: an old one is to be refused by its version, not by a setting it lacks. pg_settings would tell, and
  // take as long as all the rest.
  // Two statements in one text: their results come as a list, of which the driver's types know nothing.
  const results = (await client.query(
    `select case when pg_catalog.current_setting(name, true) is not null then pg_catalog.set_config(name, value, false) end
     from (values ${wanted.join(", ")}) as wanted (name, value);
     select pid, backend_start::text as started_at,
            set_config('lock_timeout', greatest(1, floor(least(${mostLockMs}, 900 * deadlock_s)))::int::text, false)
     from pg_stat_get_activity(pg_backend_pid()),
          extract(epoch from current_setting('deadlock_timeout')::interval) as deadlock_s`,
  )) as unknown as readonly pg.QueryResult<{ pid: number; started_at: string }>[]
  const backend = results.at(-1)?.rows[0]
  return { pid: backend?.pid ?? 0, startedAt: backend?.started_at ?? "" }
}

/** From here to its end, the statements of a transaction may last as long as they need. */
export async function liftStatementTimeout(tx: Queryable): Promise<void> {
  await tx.query(withoutTimeout)
}

/** The same as a statement. */
export const withoutTimeout: Sql = sql`set local statement_timeout = 0`

/** The same as statements, for a script: those that the server has. A statement may take as long as it takes there. */
export async function readSettingStatements(db: Queryable): Promise<Sql[]> {
  const { search_path: path, statement_timeout: _, idle_in_transaction_session_timeout: __, ...most } = sessionSettings
  const rest = Object.fromEntries(Object.entries(most).filter(([name]) => !name.startsWith("tcp_")))
  const { rows } = await db.query<{ name: string }>(
    sql`select lower(name) as name from pg_settings where lower(name) = any (${Object.keys(rest)}::text[])`,
  )
  const known = new Set(rows.map((row) => row.name))
  return [
    sql`set search_path = ${raw(path)}`,
    ...Object.entries(rest)
      .filter(([name]) => known.has(name))
      .map(([name, value]) => sql`set ${ident(name)} = ${literal(value)}`),
  ]
}

/** Below the usual deadlock_timeout of a second. */
const mostLockMs = 900

const sessionSettings = {
  search_path: "pg_catalog, pg_temp",
  timezone: "UTC",
  datestyle: "ISO, MDY",
  intervalstyle: "postgres",
  extra_float_digits: "1",
  bytea_output: "hex",
  // What a database or a role may have set otherwise, and what our statements, or those that PostgreSQL writes for us, rest on.
  array_nulls: "on",
  quote_all_identifiers: "off",
  standard_conforming_strings: "on",
  transform_null_equals: "off",
  // A table of the target's must lie where the source's does, and not where new ones go.
  default_tablespace: "",
  default_table_access_method: "heap",
  row_security: "off",
  client_min_messages: "warning",
  default_transaction_isolation: "read committed",
  lock_timeout: `${mostLockMs}ms`,
  statement_timeout: "30s",
  idle_in_transaction_session_timeout: "10s",
  // A killed worker's statement ends within this time, and its locks with it (PostgreSQL 14, 20.3.2).
  client_connection_check_interval: "250ms",
  // A machine that lost its power closes nothing. Its session, and what it holds, ends within twenty seconds, and not after two hours.
  tcp_keepalives_idle: "10",
  tcp_keepalives_interval: "2",
  tcp_keepalives_count: "5",
  jit: "off",
  // Of the role or the database: a session that listens is idle for long, and an index build is one long transaction.
  idle_session_timeout: "0",
  transaction_timeout: "0",
}

/** Dates and times stay the text that PostgreSQL wrote: the driver would cut microseconds and shift days. */
const keptAsText = new Set([1082, 1083, 1114, 1184, 1186, 1266])

const textTypes = {
  getTypeParser(oid: number, format?: string): (value: string) => unknown {
    if (keptAsText.has(oid)) return (value) => value
    return pg.types.getTypeParser(oid, format as "text") as (value: string) => unknown
  },
}
