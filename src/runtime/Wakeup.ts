import type { Logger } from "pino"
import type { Database, Session } from "../postgres/Database.ts"
import { lockKey, trySessionLock } from "../postgres/advisoryLock.ts"
import { ident, sql } from "../postgres/sql.ts"

/** How long a listener waits before it connects again. */
const reconnectMs = 500

/**
 * One connection that stays: it holds the advisory lock which says that the worker is alive, and hears what happens.
 * Without it work goes on, by polling.
 */
export class Wakeup {
  readonly #database: Database
  readonly #logger: Logger
  readonly #workerId: string
  readonly #channels: readonly string[]
  readonly #onMessage: (channel: string, payload: string) => void
  #session: Session | undefined
  #retry: NodeJS.Timeout | undefined
  #isClosed = false
  #isAsking = false

  constructor(
    database: Database,
    logger: Logger,
    workerId: string,
    channels: readonly string[],
    onMessage: (channel: string, payload: string) => void,
  ) {
    this.#database = database
    this.#logger = logger
    this.#workerId = workerId
    this.#channels = channels
    this.#onMessage = onMessage
  }

  async open(): Promise<void> {
    const session = await this.#database.connect()
    let isLost = false
    session.onLost(() => {
      isLost = true
      this.#reopenLater(session)
    })
    session.onNotification(this.#onMessage)
    try {
      await trySessionLock(session, lockKey("worker", this.#workerId))
      for (const channel of this.#channels) await session.query(sql`listen ${ident(channel)}`)
    } catch (error) {
      session.discard()
      session.release()
      throw error
    }
    this.#session = session
    // Whoever closed it, or cut it, meanwhile found no session to give back.
    if (this.#isClosed) this.close()
    else if (isLost) this.#reopenLater(session)
  }

  /** Asks on its connection, so that one which has become deaf is given up, and another one listens. */
  async assertHears(): Promise<void> {
    if (this.#isAsking) return
    this.#isAsking = true
    try {
      await this.#session?.query(sql`select 'heard'`)
    } finally {
      this.#isAsking = false
    }
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#retry)
    this.#session?.discard()
    this.#session?.release()
    this.#session = undefined
  }

  #reopenLater(lost: Session): void {
    if (this.#session !== lost) return
    this.#session = undefined
    lost.discard()
    lost.release()
    this.#retryLater()
  }

  #retryLater(): void {
    if (this.#isClosed) return
    this.#retry = setTimeout(() => {
      this.open().catch((error: unknown) => {
        this.#logger.debug({ error: String(error) }, "the listener could not connect")
        this.#retryLater()
      })
    }, reconnectMs)
  }
}
