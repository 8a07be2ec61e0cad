import pg from "pg"
import type { Backend } from "./backend.ts"
import type { DatabaseConfig } from "./DatabaseConfig.ts"
import { clientConfig, setUpSession } from "./sessionSettings.ts"

/** A statement younger than this is not asked about: nearly all are answered sooner. */
const youngMs = 2_000

/** How long between two looks. */
const lookMs = 1_000

/**
 * A session that waits for us in so many looks running, while we wait for it, has lost our question or we its answer. One look
 * is no proof: either may be on its way.
 */
const mostIdleLooks = 3

/** After this long a statement that its session does not work on is given up. */
export const givenUpMs = youngMs + mostIdleLooks * lookMs

/** How long the server may stay mute to us, on a connection of its own, until what waits for it counts as lost. */
const mostMuteMs = 30_000

/** What a look may take. */
const askMs = 5_000

/** A statement under way; `giveUp` breaks its connection. */
type Watched = {
  readonly backend: Backend
  readonly since: number
  readonly giveUp: (why: Error) => void
  idleLooks: number
}

type Seen = { readonly pid: number; readonly started_at: string }

/**
 * Notices connections that answer TCP and swallow the rest, as a proxy may. No statement has a time limit here that an index build
 * could not keep: of one that is not answered soon the server is asked, on another connection, whether its session works on it.
 * One that waits for us instead is ended there and given up here, and so nothing of it is left when the work is begun again.
 */
export class Watchdog {
  readonly #config: DatabaseConfig
  readonly #watched = new Set<Watched>()
  #timer: NodeJS.Timeout | undefined
  #client: pg.Client | undefined
  #isLooking = false
  #muteSince: number | undefined

  constructor(config: DatabaseConfig) {
    this.#config = config
  }

  /** Watches one statement until the function that it returns is called. */
  watch(backend: Backend, giveUp: (why: Error) => void): () => void {
    const one: Watched = { backend, since: performance.now(), giveUp, idleLooks: 0 }
    this.#watched.add(one)
    this.#timer ??= setInterval(() => void this.#look(), lookMs).unref()
    return () => this.#watched.delete(one)
  }

  /** Ends its own connection and looks no more. */
  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#hangUp()
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return
    if (this.#watched.size === 0) return this.close()
    const old = [...this.#watched].filter((one) => performance.now() - one.since > youngMs)
    if (old.length === 0) return
    this.#isLooking = true
    try {
      await this.#ask(old)
    } finally {
      this.#isLooking = false
    }
  }

  async #ask(watched: readonly Watched[]): Promise<void> {
    try {
      const client = await this.#connect()
      const working = await readWorking(client)
      this.#muteSince = undefined
      for (const one of watched) one.idleLooks = isIn(working, one.backend) ? 0 : one.idleLooks + 1
      const lost = watched.filter((one) => one.idleLooks >= mostIdleLooks && this.#watched.has(one))
      await endSessions(
        client,
        lost.map((one) => one.backend),
      )
      for (const one of lost)
        this.#giveUp(one, "the server does not work on this statement, and its answer did not come")
    } catch {
      this.#hangUp()
      this.#muteSince ??= performance.now()
      if (performance.now() - this.#muteSince < mostMuteMs) return
      for (const one of watched) this.#giveUp(one, "the server says nothing any more")
    }
  }

  #giveUp(one: Watched, why: string): void {
    if (this.#watched.delete(one)) one.giveUp(new Error(why))
  }

  async #connect(): Promise<pg.Client> {
    if (this.#client !== undefined) return this.#client
    const client = new pg.Client({ ...clientConfig(this.#config), query_timeout: askMs })
    client.on("error", () => this.#client === client && this.#hangUp())
    this.#client = client
    await client.connect()
    await setUpSession(client)
    return client
  }

  #hangUp(): void {
    const client = this.#client
    this.#client = undefined
    void client?.end().catch(() => {})
  }
}

/** Sessions that do anything but wait for their client. Who has turned `track_activities` off shows no more than that. */
async function readWorking(client: pg.Client): Promise<readonly Seen[]> {
  const { rows } = await client.query<Seen>(
    `select pid, backend_start::text as started_at from pg_stat_activity
     where datname = current_database() and wait_event is distinct from 'ClientRead' and wait_event is distinct from 'ClientWrite'`,
  )
  return rows
}

/** Whatever they hold is free again; a session that has ended is none any more. */
async function endSessions(client: pg.Client, backends: readonly Backend[]): Promise<void> {
  if (backends.length === 0) return
  await client.query(
    `select pg_terminate_backend(a.pid)
     from pg_stat_activity a
     join unnest($1::int[], $2::timestamptz[]) as lost (pid, started_at) on a.pid = lost.pid and a.backend_start = lost.started_at`,
    [backends.map((one) => one.pid), backends.map((one) => one.startedAt)],
  )
}

function isIn(sessions: readonly Seen[], { pid, startedAt }: Backend): boolean {
  return sessions.some((one) => one.pid === pid && one.started_at === startedAt)
}
