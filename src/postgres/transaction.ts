import { setTimeout as sleep } from "node:timers/promises"
import { CutoverError } from "../errors/CutoverError.ts"
import type { Database, Session } from "./Database.ts"
import { type Queryable, findOne } from "./Queryable.ts"
import { classify } from "./classify.ts"
import { sql } from "./sql.ts"

/**
 * Runs `work` in one READ COMMITTED transaction and commits. When the reply to COMMIT is lost, the
 * server is asked whether it happened (`pg_xact_status`, PostgreSQL manual 9.27.7), so that the caller
 * hears "done" or an error, never a guess.
 */
export async function withTransaction<T>(database: Database, work: (tx: Queryable) => Promise<T>): Promise<T> {
  const session = await database.connect()
  let xid: string | null
  let result: T
  try {
    try {
      await session.query(sql`begin isolation level read committed read write`)
      result = await work(session)
      xid = await currentXid(session)
    } catch (error) {
      await rollBack(session)
      throw error
    }
    try {
      await session.query(sql`commit`)
      return result
    } catch (error) {
      session.discard()
      if (classify(error) !== "connection" || xid === null) throw error
    }
  } finally {
    session.release()
  }
  if (await wasCommitted(database, xid)) return result
  throw Object.assign(new Error("the connection broke at COMMIT, and the transaction was rolled back"), {
    code: "08006",
  })
}

async function currentXid(tx: Queryable): Promise<string | null> {
  const row = await findOne<{ xid: string | null }>(tx, sql`select pg_current_xact_id_if_assigned()::text as xid`)
  return row?.xid ?? null
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

async function wasCommitted(database: Database, xid: string): Promise<boolean> {
  const deadline = Date.now() + patienceMs
  for (let pauseMs = 50; Date.now() < deadline; pauseMs = Math.min(pauseMs * 2, 2_000)) {
    try {
      const row = await findOne<{ status: string | null }>(database, sql`select pg_xact_status(${xid}::xid8) as status`)
      if (row?.status === "committed") return true
      if (row?.status === "aborted") return false
      if (row?.status === null) break
    } catch (error) {
      const found = classify(error)
      if (found !== "connection" && found !== "unavailable") throw error
    }
    await sleep(pauseMs)
  }
  throw new CutoverError("CUTOVER_OUTCOME_UNKNOWN", {
    message: `The connection broke at COMMIT, and the server cannot tell whether transaction ${xid} was committed.`,
    state: "Either all of that transaction happened or none of it.",
    hint: "Look at `cutover status`; when it shows the change, it was committed.",
    details: { xid },
  })
}
