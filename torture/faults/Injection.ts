import type { Fault } from "../../test/support/wire/Fault.ts"
import type { Statement } from "../../test/support/wire/Statement.ts"
import { type Action, sqlStates } from "./sqlStates.ts"

/**
 * A statement of a kind that fails with a SQLSTATE: in what works for a job, or elsewhere. Written as
 * `3f9a1#2=55P03`, or `3f9a1#2~55P03` where it is elsewhere.
 */
export type Injection = {
  readonly kind: string
  readonly occurrence: number
  readonly isInJob: boolean
  readonly sqlState: string
}

export function renderInjections(injections: readonly Injection[]): string {
  return injections.map((one) => `${one.kind}#${one.occurrence}${one.isInJob ? "=" : "~"}${one.sqlState}`).join(",")
}

export function parseInjections(text: string): Injection[] {
  return text.split(",").map((one) => {
    const found = /^(?<kind>[0-9a-f]{5})#(?<occurrence>\d+)(?<where>[=~])(?<sqlState>[0-9A-Z]{5})$/.exec(one)?.groups
    if (found === undefined) throw new Error(`no injection: ${one}; one is written like 3f9a1#2=55P03`)
    const { kind = "", occurrence, where, sqlState = "" } = found
    return { kind, occurrence: Number(occurrence), isInJob: where === "=", sqlState }
  })
}

/** A job's transaction takes the job's lock first. pg-boss has locks of its own, in texts of several statements. */
export function isInJob(statement: Statement): boolean {
  return [...statement.before.slice(0, 2), statement].some(claimsJob)
}

/** The statement by which a transaction takes the lock of its job; the key is its first value. */
export function claimsJob({ text }: Statement): boolean {
  return text.trimStart().startsWith("select pg_try_advisory_xact_lock")
}

/** Tells of the statements of a proxy, asked in their order, which work for a job: in its transaction, or in the session that builds indexes. */
export function noticeJobs(): (statement: Statement) => boolean {
  const building = new Set<number>()
  return (statement) => {
    if (statement.text.includes("pg_backend_pid() as pid, set_config('statement_timeout', '0', false)"))
      building.add(statement.connection)
    return building.has(statement.connection) || isInJob(statement)
  }
}

export function faultOf({ sqlState }: Injection): Fault {
  return { type: sqlStates[sqlState]?.fault ?? "raise", sqlState }
}

export function actionOf({ isInJob: isOfJob, sqlState }: Injection): Action {
  return isOfJob ? (sqlStates[sqlState]?.action ?? "halted") : "again"
}
