import type { Connection } from "../config/connection.ts"
import { CutoverError, nothingChanged } from "../errors/CutoverError.ts"
import { classify, isSessionRefused, sqlState } from "../postgres/classify.ts"

/** When an error came: while connecting, or with the command's work under way. */
export type Moment = "connecting" | "working"

const keptState = "What was committed is kept, the rest was rolled back."

/** Turns what the driver throws into an error for a person, if it is of a kind that people can do something about. */
export function explainError(error: unknown, connection: Connection, moment: Moment): unknown {
  if (!(error instanceof Error) || error instanceof CutoverError || error instanceof TypeError) return error
  const about = { error, where: whereOf(connection), state: moment === "connecting" ? nothingChanged : keptState }
  const code = sqlState(error) ?? ""
  if (code.startsWith("28") || code === "3D000") return rejected(about, connection)
  if (moment === "connecting" && isOfFile(error)) return unreadable(about, error, connection)
  if (code === "42501") return notAllowed(about)
  switch (classify(error)) {
    case "connection":
    case "unavailable":
      return unreachable(about, connection)
    case "readOnly":
      return readOnly(about)
    case "contention":
    case "canceled":
      return tookTooLong(about)
    case "resource":
      return diskFull(about)
    case "halt":
      if (moment !== "connecting") return error
      // Neither SQLSTATE nor a known code: TLS and the like.
      if (!/^[0-9A-Z]{5}$/.test(code)) return unreachable(about, connection)
      return isSessionRefused(error) ? unfit(about, connection) : error
  }
}

type About = { readonly error: Error; readonly where: string; readonly state: string }

function unreachable({ error, where, state }: About, { source }: Connection): CutoverError {
  return new CutoverError("CUTOVER_UNREACHABLE", {
    message: `The database at ${where} cannot be reached: ${reasonOf(error)}.`,
    state,
    hint:
      source === "none"
        ? "Give a database with --database-url or DATABASE_URL, or try the demo, which brings its own: cutover demo"
        : `Check that the server runs and that ${originOf[source]} is right, then try again.${passwordHint(error)}`,
    details: { database: where },
    cause: error,
  })
}

function rejected({ error, where, state }: About, { source }: Connection): CutoverError {
  return new CutoverError("CUTOVER_CONFIG_INVALID", {
    message: `The server at ${where} does not let us in: ${error.message}.`,
    state,
    hint:
      source === "none"
        ? "Give a database with --database-url or DATABASE_URL."
        : `Correct ${originOf[source]}: user, password and database must be ones that the server knows.`,
    details: { database: where, sqlState: sqlState(error) },
    cause: error,
  })
}

/** The user is known, but not what else the connection asks for: a setting, a role, a library, replication. */
function unfit({ error, where, state }: About, { source }: Connection): CutoverError {
  return new CutoverError("CUTOVER_CONFIG_INVALID", {
    message: `The server at ${where} does not open such a session: ${error.message}.`,
    state,
    hint: `Correct the parameters and settings of ${source === "none" ? "the connection" : originOf[source]}, PGOPTIONS among them; the role and the database may have settings too.`,
    details: { database: where, sqlState: sqlState(error) },
    cause: error,
  })
}

/** A file that the driver reads before it connects. */
function isOfFile(error: Error): error is FileError {
  return "syscall" in error && error.syscall === "open" && "path" in error
}

type FileError = Error & { readonly path: string }

function unreadable({ state }: About, error: FileError, { source }: Connection): CutoverError {
  return new CutoverError("CUTOVER_CONFIG_INVALID", {
    message: `The file ${error.path} cannot be read: ${sqlState(error) === "ENOENT" ? "there is none" : error.message}.`,
    state,
    hint: `Correct ${source === "none" ? "the PG* variables" : originOf[source]}: sslrootcert, sslcert and sslkey name files of this machine.`,
    details: { file: error.path },
    cause: error,
  })
}

function notAllowed({ error, where, state }: About): CutoverError {
  return new CutoverError("CUTOVER_PRIVILEGE", {
    message: `The role may not do this: ${error.message}.`,
    state,
    hint: "Use the role that launched the run, or have it granted.",
    details: { database: where, sqlState: sqlState(error) },
    cause: error,
  })
}

function readOnly({ error, where, state }: About): CutoverError {
  return new CutoverError("CUTOVER_READ_ONLY", {
    message: `The server at ${where} is read-only: ${error.message}.`,
    state,
    hint: "Connect to the primary; after a failover, try again when it is up.",
    details: { database: where },
    cause: error,
  })
}

function tookTooLong({ error, state }: About): CutoverError {
  return new CutoverError("CUTOVER_TIME_LIMIT", {
    message: `The server gave up waiting: ${error.message}.`,
    state,
    hint: "See what is in the way in pg_locks and pg_stat_activity, then call the command again.",
    details: { sqlState: sqlState(error) },
    cause: error,
  })
}

function diskFull({ error, state }: About): CutoverError {
  return new CutoverError("CUTOVER_HALTED", {
    message: `The server's disk is full: ${error.message}.`,
    state,
    hint: "Make room on the server, then call the command again.",
    details: { sqlState: sqlState(error) },
    cause: error,
  })
}

const originOf = { flag: "--database-url", environment: "DATABASE_URL", libpq: "what the PG* variables say" } as const

/** The driver has no code for a password that it was not given. */
function passwordHint(error: Error): string {
  const isSaid = sqlState(error) !== undefined
  return isSaid ? "" : " If the server wants a password: it may stand in the URL, in PGPASSWORD, or in ~/.pgpass."
}

/** Without any word about a database, pg goes to localhost. */
function whereOf({ source, display }: Connection): string {
  return source === "none" ? "localhost, the default," : display
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there",
  ECONNRESET: "the connection was cut",
  ENOTFOUND: "no such host is known",
  EAI_AGAIN: "its host name could not be looked up",
  EHOSTUNREACH: "there is no way to that host",
  ENETUNREACH: "there is no way to that network",
  ETIMEDOUT: "it does not answer",
  ENOENT: "there is no such socket",
}

/** The error of a name with several addresses holds one for each, and no message of its own. */
function reasonOf(error: Error): string {
  const known = reasons[sqlState(error) ?? ""]
  return known ?? (error.message.replace(/\.$/, "") || "the connection failed")
}
