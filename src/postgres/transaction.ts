import { setTimeout as sleep } from "node:timers/promises"
import { CutoverError } from "../errors/CutoverError.ts"
import type { Database, Session } from "./Database.ts"
import { type Queryable, readOne } from "./Queryable.ts"
import { classify, sqlState } from "./classify.ts"
import { sql } from "./sql.ts"

/**
 * Runs `work` in one READ COMMITTED transaction and commits. When the reply to COMMIT is lost, the
 * server is asked whether it happened (`pg_xact_status`, PostgreSQL manual 9.27.7), so that the caller
 * hears "done" or an error, never a guess. After a failover nobody can tell: that is `CUTOVER_OUTCOME_UNKNOWN`.
 */
export async function withTransaction<T>(database: Database, work: (tx: Queryable) => Promise<T>): Promise<T> {
  const session = await database.connect()
  let mark: Mark
  let result: T
  try {
    try {
      await begin(session)
      result = await work(session)
      mark = await readMark(session)
    } catch (error) {
      await rollBack(session)
      throw error
    }
    try {
      await session.query(sql`commit`)
      return result
    } catch (error) {
      session.discard()
      if (classify(error) !== "connection" || mark.xid === null) throw error
    }
  } finally {
    session.release()
  }
  if (await wasCommitted(database, mark)) return result
  throw Object.assign(new Error("the connection broke at COMMIT, and the transaction was rolled back"), {
    code: "08006",
  })
}

/** PostgreSQL calls it a missing feature (0A000) when a standby is asked to write; it may be promoted in a moment. */
async function begin(session: Session): Promise<void> {
  try {
    await session.query(sql`begin isolation level read committed read write`)
  } catch (error) {
    if (sqlState(error) !== "0A000") throw error
    throw Object.assign(new Error("the server is a standby, and cannot be written to", { cause: error }), {
      code: "25006",
    })
  }
}

/**
 * What a transaction is found again by. A standby that became the primary goes on with a timeline of its own, and gives the numbers
 * of transactions that it never got to others.
 */
type Mark = { readonly xid: string | null; readonly timeline: string }

async function readMark(tx: Queryable): Promise<Mark> {
  return await readOne<Mark>(
    tx,
    sql`select pg_current_xact_id_if_assigned()::text as xid,
               substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) as timeline`,
  )
}

async function rollBack(session: Session): Promise<void> {
  try {
    await session.query(sql`rollback`)
  } catch {
    session.discard()
  }
}

/** How long the server may be away before the outcome of a COMMIT counts as unknown. */
const patienceMs = 60_000

async function wasCommitted(database: Database, { xid, timeline }: Mark): Promise<boolean> {
  const deadline = Date.now() + patienceMs
  for (let pauseMs = 50; Date.now() < deadline; pauseMs = Math.min(pauseMs * 2, 2_000)) {
    try {
      const { status } = await readOne<{ status: Status }>(
        database,
        sql`
        select case when pg_is_in_recovery() then 'in progress'
                    when substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) = ${timeline}
                    then pg_xact_status(${xid}::xid8) end as status`,
      )
      if (status === "committed") return true
      if (status === "aborted") return false
      if (status === null) break
    } catch (error) {
      const found = classify(error)
      if (found !== "connection" && found !== "unavailable") throw unknown(xid, error)
    }
    await sleep(pauseMs)
  }
  throw unknown(xid)
}

function unknown(xid: string | null, cause?: unknown): CutoverError {
  return new CutoverError("CUTOVER_OUTCOME_UNKNOWN", {
    message: `The connection broke at COMMIT, and the server cannot tell whether transaction ${xid} was committed.`,
    state: "Either all of that transaction happened or none of it.",
    hint: "Look at `cutover status`; when it shows the change, it was committed.",
    details: { xid },
    cause,
  })
}

/** Null where the server has forgotten, or was another one then. */
type Status = "committed" | "aborted" | "in progress" | null
