import { readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { hasCode } from "./hasCode.ts"
import type { Home } from "./home.ts"
import { processState } from "./processState.ts"

/** What a server says of itself in `postmaster.pid`; a killed one leaves that file behind. */
export type Postmaster = { readonly pid: number; readonly port: number }

export async function findPostmaster(home: Home): Promise<Postmaster | undefined> {
  try {
    // Process id, data directory, start time, port, …: one a line.
    const lines = (await readFile(pidFile(home), "utf8")).split("\n")
    return { pid: Number(lines[0]), port: Number(lines[3]) }
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined
    throw error
  }
}

/**
 * Removes the `postmaster.pid` of a killed server that nobody has reaped: PostgreSQL takes a zombie for a
 * server that runs. It still refuses to start while backends of the killed one hold its shared memory.
 */
export async function removeZombiePidFile(home: Home): Promise<void> {
  const postmaster = await findPostmaster(home)
  if (postmaster && processState(postmaster.pid) === "zombie") await rm(pidFile(home), { force: true })
}

function pidFile(home: Home): string {
  return join(home.data, "postmaster.pid")
}
