import pg from "pg"
import type { Queryable, Result } from "./Queryable.ts"
import { markConnectionLost, markSessionRefused } from "./classify.ts"
import { type Sql, ident, literal, raw, sql, statementText } from "./sql.ts"

export type DatabaseConfig = {
  /** A `postgres://` address; without one, libpq's environment variables count. */
  readonly connectionString?: string | undefined
  /** What `pg_stat_activity` shows: `cutover/<role>`. */
  readonly applicationName: string
  /** Connections at most. */
  readonly max?: number
}

/** A pool of sessions that are all set up alike. Whoever opens it ends it. */
export class Database implements Queryable {
  readonly config: DatabaseConfig
  readonly #pool: pg.Pool

  constructor(config: DatabaseConfig) {
    this.config = config
    this.#pool = new pg.Pool({ ...poolConfig(config), max: config.max ?? 4 })
    // An idle connection that breaks tells only this listener; the next user gets a fresh one.
    this.#pool.on("error", () => {})
  }

  /** Lends a session; the lender gives it back with `release`. */
  async connect(): Promise<Session> {
    return new Session(await wrapped(this.#pool.connect()))
  }

  /** Runs one statement on a session of its own; after a failure the session is closed, for it may be amid a transaction. */
  async query<Row extends object>(statement: Sql): Promise<Result<Row>> {
    const session = await this.connect()
    try {
      return await session.query<Row>(statement)
    } catch (error) {
      session.discard()
      throw error
    } finally {
      session.release()
    }
  }

  /** Lends a session for as long as `use` runs. */
  async withSession<T>(use: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.connect()
    try {
      return await use(session)
    } finally {
      session.release()
    }
  }

  async end(): Promise<void> {
    await this.#pool.end()
  }
}

/** One connection, set up, for one user at a time. */
export class Session implements Queryable {
  readonly #client: pg.PoolClient
  readonly #listeners: (() => void)[] = []
  #broken = false
  #isReleased = false

  constructor(client: pg.PoolClient) {
    this.#client = client
    client.on("error", this.#onError)
  }

  async query<Row extends object>(statement: Sql): Promise<Result<Row>> {
    try {
      return joined(await this.#client.query<Row>(queryOf(statement)))
    } catch (error) {
      throw this.#told(error)
    }
  }

  /** Calls back once when the connection breaks while it is lent. */
  onLost(listener: () => void): void {
    this.#client.once("error", listener)
    this.#client.once("end", listener)
    this.#listeners.push(() => {
      this.#client.off("error", listener)
      this.#client.off("end", listener)
    })
  }

  /** Calls back for each notification on the channels that this session listens on. */
  onNotification(listener: (channel: string, payload: string) => void): void {
    const heard = (message: pg.Notification): void => listener(message.channel, message.payload ?? "")
    this.#client.on("notification", heard)
    this.#listeners.push(() => this.#client.off("notification", heard))
  }

  /** Says that the connection's state is unknown, so that it is closed and not lent again. */
  discard(): void {
    this.#broken = true
  }

  /** Gives the connection back; a second call does nothing. */
  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    for (const remove of this.#listeners.splice(0)) remove()
    this.#client.off("error", this.#onError)
    this.#client.release(this.#broken)
  }

  readonly #onError = (): void => {
    this.#broken = true
  }

  /** The driver throws errors without a code exactly when the connection is lost; a TypeError is ours. */
  #told(error: unknown): unknown {
    if (!(error instanceof Error) || error instanceof TypeError || "code" in error) return error
    this.#broken = true
    return markConnectionLost(error)
  }
}

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
 * Lock waits stay below deadlock_timeout (1 s), so that an application never loses a deadlock to us.
 */
export async function setUpSession(client: { query(text: string): Promise<unknown> }): Promise<void> {
  const wanted = Object.entries(sessionSettings).map(([name, value]) => `('${name}', '${value}')`)
  // Only those that the server has: an old one is to be refused by its version, not by a setting it lacks.
  await client.query(
    `select pg_catalog.set_config(s.name, wanted.value, false)
     from (values ${wanted.join(", ")}) as wanted (name, value)
     join pg_catalog.pg_settings s on pg_catalog.lower(s.name) operator(pg_catalog.=) wanted.name`,
  )
}

/** The same as statements, for a script: those that the server has. A statement may take as long as it takes there. */
export async function readSettingStatements(db: Queryable): Promise<Sql[]> {
  const { search_path: path, statement_timeout: _, idle_in_transaction_session_timeout: __, ...rest } = sessionSettings
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
  lock_timeout: "900ms",
  statement_timeout: "30s",
  idle_in_transaction_session_timeout: "10s",
  // A killed worker's statement ends within this time, and its locks with it (PostgreSQL 14, 20.3.2).
  client_connection_check_interval: "250ms",
  jit: "off",
  // Of the role or the database: a session that listens is idle for long, and an index build is one long transaction.
  idle_session_timeout: "0",
  transaction_timeout: "0",
}

/** Without values and name the text goes as it is, and may hold several statements. */
function queryOf(statement: Sql): pg.QueryConfig {
  const text = statementText(statement)
  const values = statement.values.length > 0 ? { values: statement.values as unknown[] } : {}
  return statement.name === undefined ? { text, ...values } : { name: statement.name, text, ...values }
}

/** Several statements in one text, which only our own schema and pg-boss send, give several results: all their rows. */
function joined<Row extends object>(result: pg.QueryResult<Row> | pg.QueryResult<Row>[]): Result<Row> {
  const results = Array.isArray(result) ? result : [result]
  return { rows: results.flatMap((one) => one.rows), rowCount: results.at(-1)?.rowCount ?? 0 }
}

function poolConfig(config: DatabaseConfig): pg.PoolConfig {
  return { ...clientConfig(config), idleTimeoutMillis: 30_000, onConnect: setUpSession }
}

/** Dates and times stay the text that PostgreSQL wrote: the driver would cut microseconds and shift days. */
const keptAsText = new Set([1082, 1083, 1114, 1184, 1186, 1266])

const textTypes = {
  getTypeParser(oid: number, format?: string): (value: string) => unknown {
    if (keptAsText.has(oid)) return (value) => value
    return pg.types.getTypeParser(oid, format as "text") as (value: string) => unknown
  },
}

async function wrapped<T>(connecting: Promise<T>): Promise<T> {
  try {
    return await connecting
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw "code" in error ? markSessionRefused(error) : markConnectionLost(error)
  }
}
