import { setTimeout as sleep } from "node:timers/promises"
import type { Cutover } from "./cli.ts"
import type { TestDatabase } from "./database.ts"

/** From when on a command lives: from its first connection, or from when it works jobs. */
export type Birth = "connected" | "working"

/** Kills a command so long after its birth, unless it has ended: how long Node takes to start is the machine's affair. */
export async function killAfter(
  database: TestDatabase,
  command: Cutover,
  afterMs: number,
  birth: Birth = "connected",
): Promise<void> {
  const isBorn = birth === "connected" ? isConnected : isWorking
  const startedAt = new Date()
  const hasEnded = command.ended.then(() => true)
  while (!(await isBorn(database, command, startedAt)))
    if (await Promise.race([hasEnded, sleep(20).then(() => false)])) return
  await sleep(afterMs)
  command.process.kill("SIGKILL")
}

async function isConnected(database: TestDatabase, _: Cutover, startedAt: Date): Promise<boolean> {
  const sessions = await database.query(
    "select from pg_stat_activity where datname = current_database() and application_name like 'cutover/%' and backend_start > $1",
    [startedAt],
  )
  return sessions.length > 0
}

async function isWorking(database: TestDatabase, command: Cutover): Promise<boolean> {
  const [found] = await database.query<{ there: boolean }>("select to_regclass('cutover.workers') is not null as there")
  if (found?.there !== true) return false
  return (await database.query("select from cutover.workers where pid = $1", [command.process.pid])).length > 0
}
