import { readOne } from "../../../postgres/Queryable.ts"
import { sql } from "../../../postgres/sql.ts"
import { type Check, type ServerContext, ok, warn } from "../Check.ts"

/** Index builds and the transition tables of captured statements spill to files, whose size a role's limit may forbid. */
export const checkTempFiles: Check<ServerContext> = async ({ db }) => {
  const { size } = await readOne<{ size: string }>(db, sql`select current_setting('temp_file_limit') as size`)
  if (size === "-1") return [ok("CUTOVER_TEMP_FILES", "temporary files have no limit.")]
  return [
    warn(
      "CUTOVER_TEMP_FILES",
      `temp_file_limit is ${size}: the build of a large index may fail, and so may an application's statement that writes very many rows at once, for capturing them takes temporary files too.`,
      "Lift the limit for the time of the run, for the run's role and the application's: alter role … set temp_file_limit = -1.",
    ),
  ]
}
