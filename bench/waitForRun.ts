import { setTimeout as sleep } from "node:timers/promises"
import type pg from "pg"

/** The id of the database's one run, as soon as it is there. Gives up after a minute. */
export async function waitForRun(client: pg.Client): Promise<string> {
  const deadline = Date.now() + 60_000
  while (Date.now() < deadline) {
    const { rows } = await client.query<{ there: boolean }>("select to_regclass('cutover.runs') is not null as there")
    const runs = rows[0]?.there === true ? await client.query<{ id: string }>("select id from cutover.runs") : undefined
    if (runs?.rows[0] !== undefined) return runs.rows[0].id
    await sleep(5)
  }
  throw new Error("no run was launched within a minute")
}
