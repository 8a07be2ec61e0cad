import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { columns, source } from "../returns.ts"

/** One transaction of an application: when it was due, in milliseconds since 1970, and how long it took from then on. */
export type Write = { readonly dueAt: number; readonly ms: number; readonly hasFailed: boolean }

export type Writers = AsyncDisposable & {
  readonly writes: () => readonly Write[]
  /** Lets those under way end, and says how many rows there are more than before. */
  readonly stop: () => Promise<{ readonly addedRows: number }>
}

export type WritersOptions = {
  readonly perSecond: number
  readonly rows: number
  readonly random: () => number
}

/** As an application's pool has; a stall of a tenth of a second fills it at 150 transactions per second. */
const connections = 16

/**
 * Starts an application that writes the returns at a fixed pace: a transaction that is slow does not put off the next one,
 * so a stall is seen by all that it holds up.
 */
export async function startWriters(url: string, { perSecond, rows, random }: WritersOptions): Promise<Writers> {
  // Connections that come and go with each stall would make it longer: an application's pool keeps its own.
  const pool = new pg.Pool({
    connectionString: url,
    application_name: "application",
    max: connections,
    idleTimeoutMillis: 0,
  })
  pool.on("error", () => {})
  await warmUp(pool)
  const writes: Write[] = []
  const underWay = new Set<Promise<void>>()
  const stopping = new AbortController()
  let addedRows = 0

  async function write(dueAt: number): Promise<void> {
    const kind = kindOf(random())
    let hasFailed = false
    try {
      const { rowCount } = await pool.query({ name: kind, text: statements[kind], values: [idOf(random(), rows)] })
      addedRows += growth[kind] * (rowCount ?? 0)
    } catch {
      hasFailed = true
    }
    writes.push({ dueAt, ms: now() - dueAt, hasFailed })
  }

  async function go(): Promise<void> {
    const startedAt = now()
    for (let n = 0; !stopping.signal.aborted; n++) {
      const dueAt = startedAt + (n * 1000) / perSecond
      const early = dueAt - now()
      if (early > 0) await sleep(early)
      const one: Promise<void> = write(dueAt).finally(() => underWay.delete(one))
      underWay.add(one)
    }
  }

  const going = go()
  async function stop(): Promise<{ addedRows: number }> {
    stopping.abort()
    await going
    await Promise.all(underWay)
    if (!pool.ended) await pool.end()
    return { addedRows }
  }
  return {
    writes: () => writes,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop()
    },
  }
}

/** Opens all connections, and plans each statement on each of them; no row has this id. */
async function warmUp(pool: pg.Pool): Promise<void> {
  const clients = await Promise.all(Array.from({ length: connections }, () => pool.connect()))
  for (const client of clients) {
    for (const [name, text] of Object.entries(statements)) await client.query({ name, text, values: [-1] })
  }
  for (const client of clients) client.release()
}

/** Finer than a millisecond, unlike Date.now(). */
function now(): number {
  return performance.timeOrigin + performance.now()
}

type Kind = "insert" | "update" | "delete"

/** An order that is returned is looked at, refunded, and rarely dropped. */
function kindOf(share: number): Kind {
  if (share < 0.35) return "insert"
  return share < 0.9 ? "update" : "delete"
}

const growth: Readonly<Record<Kind, number>> = { insert: 1, update: 0, delete: -1 }

function idOf(share: number, rows: number): number {
  return 1 + Math.floor(share * rows)
}

const inserted = columns
  .split(", ")
  .filter((column) => column !== "id")
  .join(", ")

const statements: Readonly<Record<Kind, string>> = {
  insert: `insert into ${source} (${inserted}) select ${inserted} from ${source} where id = $1::bigint`,
  update: `update ${source} set refund_amount = refund_amount + 1, status = 'inspected' where id = $1::bigint`,
  delete: `delete from ${source} where id = $1::bigint`,
}
