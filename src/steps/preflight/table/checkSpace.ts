import { statfs } from "node:fs/promises"
import { resolve } from "node:path"
import { formatSize } from "../../../domain/size.ts"
import { renderTableName } from "../../../domain/tableName.ts"
import { findOne, readOne } from "../../../postgres/Queryable.ts"
import { sql } from "../../../postgres/sql.ts"
import type { TableDescription } from "../../../postgres/catalog/TableDescription.ts"
import { extendedKey } from "../../relabel/relabels.ts"
import { type Check, type Finding, type TableContext, block, ok } from "../Check.ts"

/** The new table stands beside the old one until that is dropped, and its WAL is kept until it is archived or replayed. */
export const checkSpace: Check<TableContext> = async (context) => {
  const { needed } = await readOne<{ needed: number }>(
    context.db,
    sql`select (pg_total_relation_size(${context.source.oid}::oid) * 1.1)::float8 as needed`,
  )
  return await findSpace(context, needed, "until the old table is dropped")
}

/** A table that becomes a partition itself needs room for the indexes of its new key alone. */
export const checkHistorySpace: Check = async (context) =>
  await findSpace(context, bytesOfNewKey(context.source, context.key.column), "for the indexes of its key")

/** The partition key makes one of the two larger than the old one; a quarter covers that, and sorting. */
export function bytesOfNewKey(source: TableDescription, keyColumn: string): number {
  return Math.round((extendedKey(source, keyColumn)?.bytes ?? 0) * 2.5)
}

async function findSpace(context: TableContext, needed: number, why: string): Promise<Finding[]> {
  const what = `${renderTableName(context.table)} needs about ${formatSize(needed)} more ${why}, and as much for WAL that is retained`
  const free = await freeBytes(context)
  if (free === undefined) return [ok("CUTOVER_DISK_SPACE", `${what}; how much is free cannot be asked of this server.`)]
  if (free > needed) return [ok("CUTOVER_DISK_SPACE", `${what}; ${formatSize(free)} are free.`)]
  return [
    block(
      "CUTOVER_DISK_SPACE",
      `${what}; only ${formatSize(free)} are free.`,
      "Make room first, or give the table another tablespace.",
    ),
  ]
}

/** PostgreSQL does not tell; where it runs on this machine, and the table's directory can be seen, the file system does. */
async function freeBytes({ db, source }: TableContext): Promise<number | undefined> {
  const place = await findOne<{ directory: string | null; space: string | null }>(
    db,
    sql`
    select case when pg_has_role(current_user, 'pg_read_all_settings', 'USAGE') then current_setting('data_directory') end as directory,
           (select nullif(pg_tablespace_location(s.oid), '') from pg_tablespace s where s.spcname = ${source.tablespace}) as space
    where inet_server_addr() is null or inet_server_addr() <<= inet '127.0.0.0/8' or inet_server_addr() = inet '::1'`,
  )
  if (place === undefined || place.directory === null) return undefined
  try {
    // A tablespace inside the data directory has a relative location.
    const { bavail, bsize } = await statfs(resolve(place.directory, place.space ?? "."))
    return bavail * bsize
  } catch {
    return undefined
  }
}
