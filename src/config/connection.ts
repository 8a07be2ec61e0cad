import { CutoverError, nothingChanged } from "../errors/CutoverError.ts"

/** Which database, and who said so. Without a connection string the driver reads libpq's variables itself. */
export type Connection = {
  readonly connectionString?: string
  readonly source: "flag" | "environment" | "libpq" | "none"
  /** `postgres://user@host:port/db` for people and logs, never with a password. */
  readonly display: string
}

export type ConnectionSources = {
  readonly databaseUrl?: string | undefined
  readonly env: Readonly<Record<string, string | undefined>>
}

/** `--database-url`, else `DATABASE_URL`, else libpq's variables; a malformed URL is `CUTOVER_CONFIG_INVALID`. */
export function resolveConnection({ databaseUrl, env }: ConnectionSources): Connection {
  if (databaseUrl !== undefined) {
    return { connectionString: databaseUrl, source: "flag", display: displayUrl(databaseUrl, "--database-url", env) }
  }
  if (env.DATABASE_URL) {
    const url = env.DATABASE_URL
    return { connectionString: url, source: "environment", display: displayUrl(url, "DATABASE_URL", env) }
  }
  const isGiven = libpqVariables.some((name) => env[name])
  if (isGiven) assertPort(env.PGPORT, "PGPORT")
  return isGiven ? { source: "libpq", display: displayLibpq(env) } : { source: "none", display: "no database" }
}

const libpqVariables = ["PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE"]

/** Undefined or empty where nothing was said. */
type Parts = { readonly [part in "user" | "host" | "port" | "database" | "service"]?: string | undefined }

function displayUrl(text: string, origin: string, env: ConnectionSources["env"]): string {
  const url = parseUrl(text)
  if (!url) throw malformed(origin)
  const query = url.searchParams
  const port = query.get("port") ?? url.port
  if (port) assertPort(port, origin)
  else assertPort(env.PGPORT, "PGPORT")
  return display({
    user: query.get("user") ?? decode(url.username),
    host: query.get("host") ?? decode(url.hostname === noHost ? "" : url.hostname),
    port,
    database: decode(url.pathname.slice(1)),
  })
}

/** Stands in for the missing host of `postgres://user@/db?host=/tmp`, which libpq and pg know and URL does not. */
const noHost = "no.host"

/**
 * Undefined unless it is a PostgreSQL URL. A `#`, or an `@` behind the host, means that a password was not
 * percent-encoded: parts of it would be taken for a host, a port or a database, and be shown.
 */
function parseUrl(text: string): URL | undefined {
  if (!/^postgres(?:ql)?:\/\/[^#]*$/.test(text)) return undefined
  // PostgreSQL's strings end at such a byte, and the rest of the message would be read as something else.
  if (text.includes("%00")) return undefined
  const url = URL.parse(text.replace("@/", `@${noHost}/`))
  return url?.pathname.includes("@") || url?.search.includes("@") ? undefined : (url ?? undefined)
}

/** The driver hangs at a port that is none. */
function assertPort(port: string | undefined, origin: string): void {
  if (!port || (/^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65_536)) return
  throw new CutoverError("CUTOVER_CONFIG_INVALID", {
    message: `The port ${port} of ${origin} is none: a port is a number from 1 to 65535.`,
    state: nothingChanged,
    hint: `Correct ${origin}; PostgreSQL's own port is 5432.`,
    details: { option: origin, value: port },
  })
}

function displayLibpq(env: ConnectionSources["env"]): string {
  return display({
    user: env.PGUSER,
    host: env.PGHOST || env.PGHOSTADDR,
    port: env.PGPORT,
    database: env.PGDATABASE,
    service: env.PGSERVICE,
  })
}

/** A URL that `resolveConnection` reads back; a socket's folder goes where libpq wants it, behind `?host=`. */
function display({ user, host = "", port, database = "", service }: Parts): string {
  const isAddress = host !== "" && !host.startsWith("/")
  const address = isAddress ? hostAndPort(host, port) : ""
  const query = [
    host && !isAddress && `host=${encodeURIComponent(host).replaceAll("%2F", "/")}`,
    port && !isAddress && `port=${port}`,
    service && `service=${encodeURIComponent(service)}`,
  ].filter(Boolean)
  const login = user ? `${encodeURIComponent(user)}@` : ""
  const options = query.length > 0 ? `?${query.join("&")}` : ""
  return `postgres://${login}${address}/${encodeURIComponent(database)}${options}`
}

function hostAndPort(host: string, port: string | undefined): string {
  const address = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host
  return port ? `${address}:${port}` : address
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}

/** Without the URL and without the cause, for both hold the password. */
function malformed(origin: string): CutoverError {
  return new CutoverError("CUTOVER_CONFIG_INVALID", {
    message: `The value of ${origin} is not a PostgreSQL URL.`,
    state: nothingChanged,
    hint: "Write postgres://user@host:5432/database; in a password, write @ as %40, # as %23, / as %2F and ? as %3F.",
    details: { option: origin },
  })
}
