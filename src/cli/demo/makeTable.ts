import pg from "pg"
import { legacyName, targetName } from "../../domain/derivedNames.ts"
import { renderTableName } from "../../domain/tableName.ts"
import { CutoverError } from "../../errors/CutoverError.ts"
import { sqlState } from "../../postgres/classify.ts"
import { sql, table } from "../../postgres/sql.ts"
import type { Services } from "../../runtime/Services.ts"
import { cleanupNow } from "../../runtime/commands/cleanup.ts"
import { isInstalled } from "../../store/install.ts"
import { type Run, findLatestRun } from "../../store/runs.ts"
import type { DemoTable } from "./DemoTable.ts"
import type { OnProgress } from "./showStep.ts"

/** The run of the table that was left before its swap; undefined when there is none. */
export async function findUnfinished(services: Services, { name }: DemoTable): Promise<Run | undefined> {
  const run = await findRun(services, name)
  return run?.finishedAt === null && run.state !== "cleanup" ? run : undefined
}

/** Makes the table anew. What the last demo left of it goes: the legacy table by a cleanup that the log will show. */
export async function makeTable(
  services: Services,
  url: string,
  made: DemoTable,
  onProgress: OnProgress,
): Promise<void> {
  const last = await findRun(services, made.name)
  if (last?.finishedAt === null)
    await cleanupNow(services, last.id, { beforeWindow: true, reason: "the demo starts over" })
  await dropTables(services, made)
  const client = new pg.Client({ connectionString: url, application_name: "cutover/demo" })
  // The query that suffers from a lost connection says so itself.
  client.on("error", () => {})
  await client.connect()
  try {
    await made.create(client, onProgress)
  } finally {
    await client.end()
  }
}

async function findRun({ database }: Services, name: DemoTable["name"]): Promise<Run | undefined> {
  return (await isInstalled(database)) ? await findLatestRun(database, name) : undefined
}

async function dropTables({ database }: Services, { name }: DemoTable): Promise<void> {
  for (const old of [name, targetName(name), legacyName(name)]) {
    try {
      await database.query(sql`drop table if exists ${table(old)} restrict`)
    } catch (error) {
      if (sqlState(error) === "2BP01") throw inUse(old, error)
      throw error
    }
  }
}

function inUse(old: DemoTable["name"], cause: unknown): CutoverError {
  return new CutoverError("CUTOVER_LEGACY_IN_USE", {
    message: `${renderTableName(old)} of the last demo was not dropped: something was built on it.`,
    state: "All of the last demo is still there.",
    hint: "Drop what was built on it, or begin from nothing: npx cutover demo --remove",
    cause,
  })
}
