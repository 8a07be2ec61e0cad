import pg from "pg"
import type { DatabaseConfig } from "./DatabaseConfig.ts"
import type { Queryable, Result } from "./Queryable.ts"
import { Watchdog } from "./Watchdog.ts"
import { type Backend, breakConnection } from "./backend.ts"
import { markConnectionLost, markSessionRefused } from "./classify.ts"
import { clientConfig, setUpSession } from "./sessionSettings.ts"
import { type Sql, statementText } from "./sql.ts"

/** A pool of sessions that are all set up alike. Whoever opens it ends it. */
export class Database implements Queryable {
  readonly config: DatabaseConfig
  readonly #pool: pg.Pool
  readonly #watchdog: Watchdog
  readonly #backends = new WeakMap<pg.ClientBase, Backend>()
  /** Connections that are not closed yet. */
  readonly #open = new Set<pg.ClientBase>()

  constructor(config: DatabaseConfig) {
    this.config = config
    this.#watchdog = new Watchdog(config)
    this.#pool = new pg.Pool({
      ...clientConfig(config),
      idleTimeoutMillis: 30_000,
      max: config.max ?? 4,
      onConnect: (client) => this.#onConnect(client),
    })
    // An idle connection that breaks tells only this listener; the next user gets a fresh one.
    this.#pool.on("error", () => {})
  }

  /** Lends a session; the lender gives it back with `release`. */
  async connect(): Promise<Session> {
    const client = await wrapped(this.#pool.connect())
    const backend = this.#backends.get(client)
    return new Session(client, (giveUp) => (backend === undefined ? () => {} : this.#watchdog.watch(backend, giveUp)))
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

  /** Ends all sessions; whose other end does not answer the goodbye is left after two seconds. */
  async end(): Promise<void> {
    const patience = setTimeout(() => {
      for (const client of this.#open) breakConnection(client, new Error("the server did not answer the goodbye"))
    }, goodbyeMs)
    try {
      await this.#pool.end()
    } finally {
      clearTimeout(patience)
      this.#watchdog.close()
    }
  }

  /** The driver's limit for connecting ends before this begins. */
  async #onConnect(client: pg.ClientBase): Promise<void> {
    this.#open.add(client)
    client.once("end", () => this.#open.delete(client))
    const patience = setTimeout(
      () => breakConnection(client, new Error("the server did not take the settings of a new session")),
      setUpMs,
    )
    try {
      this.#backends.set(client, await setUpSession(client))
    } finally {
      clearTimeout(patience)
    }
  }
}

const goodbyeMs = 2_000

const setUpMs = 5_000

/** Begins to watch a statement, and hears when it is to be given up; returns what ends the watching. */
type Watch = (giveUp: (why: Error) => void) => () => void

/** One connection, set up, for one user at a time. */
export class Session implements Queryable {
  readonly #client: pg.PoolClient
  readonly #watch: Watch
  readonly #listeners: (() => void)[] = []
  #broken = false
  #isReleased = false

  constructor(client: pg.PoolClient, watch: Watch) {
    this.#client = client
    this.#watch = watch
    client.on("error", this.#onError)
  }

  async query<Row extends object>(statement: Sql): Promise<Result<Row>> {
    const endWatch = this.#watch((why) => breakConnection(this.#client, why))
    try {
      return joined(await this.#client.query<Row>(queryOf(statement)))
    } catch (error) {
      throw this.#told(error)
    } finally {
      endWatch()
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

async function wrapped<T>(connecting: Promise<T>): Promise<T> {
  try {
    return await connecting
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw "code" in error ? markSessionRefused(error) : markConnectionLost(error)
  }
}
