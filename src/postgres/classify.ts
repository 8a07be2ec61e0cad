/**
 * What an error asks us to do: try again, reconnect and ask, wait for room, tell the person, or stop.
 * `canceled` is a statement that ran out of time or was cancelled on purpose.
 */
export type ErrorClass = "contention" | "connection" | "unavailable" | "resource" | "canceled" | "readOnly" | "halt"

/** By full SQLSTATE first, by class next. Text is never looked at. Appendix A of PostgreSQL's manual has the codes. */
const byCode: Readonly<Record<string, ErrorClass>> = {
  "55P03": "contention", // lock_not_available: our lock_timeout ran out, on purpose
  "40P01": "contention", // deadlock_detected: we were the victim, the application was not
  "40001": "contention", // serialization_failure: the same transaction again
  "57014": "canceled", // query_canceled: statement_timeout, or a pause that does not wait
  "57P01": "connection", // admin_shutdown: pg_terminate_backend or a fast stop
  "57P02": "connection", // crash_shutdown: another backend was killed
  "57P03": "unavailable", // cannot_connect_now: the server is coming up
  "57P05": "connection", // idle_session_timeout
  "25P03": "connection", // idle_in_transaction_session_timeout
  "25P04": "connection", // transaction_timeout
  "53100": "resource", // disk_full: a person must make room
  "53200": "unavailable", // out_of_memory, also of shared memory for locks: others let go of theirs
  "53300": "unavailable", // too_many_connections
  "25006": "readOnly", // read_only_sql_transaction: demoted, or a standby
}

const byClass: Readonly<Record<string, ErrorClass>> = {
  "08": "connection", // connection exception
}

/** Errors of the socket and the driver carry no SQLSTATE, but these codes, or none at all. */
const bySocket: Readonly<Record<string, ErrorClass>> = {
  ECONNREFUSED: "unavailable",
  ECONNRESET: "connection",
  EPIPE: "connection",
  ETIMEDOUT: "connection",
  EHOSTUNREACH: "unavailable",
  ENETUNREACH: "unavailable",
  ENOTFOUND: "unavailable",
  EAI_AGAIN: "unavailable",
  ENOENT: "unavailable",
}

const driverLost = new WeakSet<object>()

/** Marks an error that the driver threw without a code when its connection went away. */
export function markConnectionLost<T extends object>(error: T): T {
  driverLost.add(error)
  return error
}

const refusedSessions = new WeakSet<object>()

/** Marks an error of the server's that came instead of a session: what the connection asks for is not what it has. */
export function markSessionRefused<T extends object>(error: T): T {
  refusedSessions.add(error)
  return error
}

export function isSessionRefused(error: object): boolean {
  return refusedSessions.has(error)
}

/** Unknown errors halt: they keep everything and wait for a person. */
export function classify(error: unknown): ErrorClass {
  if (typeof error !== "object" || error === null) return "halt"
  if (driverLost.has(error)) return "connection"
  const code = sqlState(error)
  if (code === undefined) return "halt"
  if (code === "23505" && isOfCatalog(error)) return "contention"
  return byCode[code] ?? bySocket[code] ?? byClass[code.slice(0, 2)] ?? "halt"
}

/**
 * Whether the unique index is one of the catalog's: two sessions have just made something of the same name, such as PostgreSQL
 * invents for extended statistics. The loser waited for the other's commit, and finds another name.
 */
function isOfCatalog(error: object): boolean {
  return "schema" in error && error.schema === "pg_catalog"
}

/** Whether the same work may be tried again without anybody's help. */
export function isTransient(error: unknown): boolean {
  const found = classify(error)
  return found === "contention" || found === "connection" || found === "unavailable" || found === "readOnly"
}

export function sqlState(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined
  return typeof error.code === "string" ? error.code : undefined
}
