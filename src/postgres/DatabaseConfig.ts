/** Where our sessions go, and how many. */
export type DatabaseConfig = {
  /** A `postgres://` address; without one, libpq's environment variables count. */
  readonly connectionString?: string | undefined
  /** What `pg_stat_activity` shows: `cutover/<role>`. */
  readonly applicationName: string
  /** Connections at most. */
  readonly max?: number
}
