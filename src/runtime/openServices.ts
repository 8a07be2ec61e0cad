import type { Logger } from "pino"
import { CutoverError, nothingChanged } from "../errors/CutoverError.ts"
import { Database, type Session } from "../postgres/Database.ts"
import { isTransient } from "../postgres/classify.ts"
import { sql } from "../postgres/sql.ts"
import { assertTrusted } from "../store/assertTrusted.ts"
import { isInstalled } from "../store/install.ts"
import { Queue } from "./Queue.ts"
import type { Services } from "./Services.ts"
import { acrossBreaks } from "./acrossBreaks.ts"

export type ServicesConfig = {
  readonly connectionString?: string | undefined
  /** For `pg_stat_activity`: `launch`, `worker`, `status`, … */
  readonly role: string
  readonly actor: string
  readonly logger: Logger
  /** Whether to give back the jobs of stuck workers; a worker does. */
  readonly supervise?: boolean
  /** Connections at most. */
  readonly connections?: number
  /** How long a command goes on trying when its connections break. Default: a minute. */
  readonly patienceMs?: number
}

const usualPatienceMs = 60_000

/**
 * What is not let in at all is told soon: it is most often a mistake in the address. A connection that a proxy cuts is there again at the
 * second try.
 */
const openingPatienceMs = 2_500

export type OpenServices = Services & { close(): Promise<void> }

/**
 * Connects, and refuses what cannot work: a pooler in transaction mode, schemas of a stranger's, or of another major version. It installs
 * nothing; the queue opens when it is first needed.
 */
export async function openServices(config: ServicesConfig): Promise<OpenServices> {
  const database = new Database({
    connectionString: config.connectionString,
    applicationName: `cutover/${config.role}`,
    max: config.connections ?? 4,
  })
  const queue = new Queue(database, {
    supervise: config.supervise ?? false,
    // While the database is away it complains every second, and the workers say it already.
    onError: (error) =>
      config.logger[isTransient(error) ? "debug" : "warn"]({ error: String(error) }, "the job queue complained"),
  })
  try {
    await acrossBreaks({ logger: config.logger, patienceMs: openingPatienceMs, isOpening: true }, async () => {
      await assertNoPooler(database)
      await assertTrusted(database)
      await isInstalled(database)
    })
  } catch (error) {
    await database.end()
    throw error
  }
  return {
    database,
    queue,
    logger: config.logger,
    actor: config.actor,
    patienceMs: config.patienceMs ?? usualPatienceMs,
    close: async () => {
      await queue.close()
      await database.end()
    },
  }
}

/**
 * A pooler in transaction mode gives each transaction another server connection: while one client holds a transaction
 * open on the connection that the other has just used, the other's session setting is gone.
 */
async function assertNoPooler(database: Database): Promise<void> {
  const isKept = await database.withSession((probe) => database.withSession((other) => isSettingKept(probe, other)))
  if (isKept) return
  throw new CutoverError("CUTOVER_POOLER_IN_TRANSACTION_MODE", {
    message:
      "A connection pooler in transaction mode stands before the server: a session's settings and locks do not stay.",
    state: nothingChanged,
    hint: "Connect to the server directly, or through a pool in session mode.",
  })
}

async function isSettingKept(probe: Session, other: Session): Promise<boolean> {
  await probe.query(sql`select set_config('cutover.probe', 'kept', false)`)
  await other.query(sql`begin`)
  await other.query(sql`select 1`)
  const { rows } = await probe.query<{ probe: string | null }>(
    sql`select current_setting('cutover.probe', true) as probe`,
  )
  await other.query(sql`rollback`)
  return rows[0]?.probe === "kept"
}
