import { type Queryable, readOne } from "../postgres/Queryable.ts"
import { sql } from "../postgres/sql.ts"

/** Whether the server is of this major version or a later one. */
export async function hasVersion(db: Queryable, major: number): Promise<boolean> {
  const { version } = await readOne<{ version: number }>(
    db,
    sql`select current_setting('server_version_num')::int as version`,
  )
  return version >= major * 10_000
}
