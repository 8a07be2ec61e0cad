import { readOne } from "../../../postgres/Queryable.ts"
import { sql } from "../../../postgres/sql.ts"
import { type Check, type ServerContext, block, ok } from "../Check.ts"

/** PostgreSQL 14 brought TID range scans, multiranges and hash_record_extended, which the copy and the proof rest on. */
export const checkServer: Check<ServerContext> = async ({ db }) => {
  const server = await readOne<{ number: number; text: string; standby: boolean }>(
    db,
    sql`
    select current_setting('server_version_num')::int as number, current_setting('server_version') as text,
           pg_is_in_recovery() as standby`,
  )
  if (server.number < 140_000) {
    return [
      block(
        "CUTOVER_SERVER_TOO_OLD",
        `The server is PostgreSQL ${server.text}; 14 or later is needed.`,
        "Upgrade the server first.",
      ),
    ]
  }
  if (server.standby) {
    return [block("CUTOVER_READ_ONLY", "The server is a standby, and cannot be written to.", "Connect to the primary.")]
  }
  return [ok("CUTOVER_SERVER_TOO_OLD", `PostgreSQL ${server.text}, a primary.`)]
}
