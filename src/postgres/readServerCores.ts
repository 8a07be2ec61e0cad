import { readFile } from "node:fs/promises"
import { availableParallelism } from "node:os"
import { type Queryable, readOne } from "./Queryable.ts"
import { sql } from "./sql.ts"

/**
 * How many cores the server has, where it runs on this machine; undefined elsewhere, for SQL does not tell. It runs here when its
 * backend is a process of ours: addresses would say so of a tunnel, too. Linux only.
 */
export async function readServerCores(db: Queryable): Promise<number | undefined> {
  const { pid } = await readOne<{ pid: number }>(db, sql`select pg_backend_pid() as pid`)
  return await coresBehind(pid)
}

/** The same, of the server that this backend is of. */
export async function coresBehind(pid: number): Promise<number | undefined> {
  return (await isBackendHere(pid)) ? availableParallelism() : undefined
}

/** Backends say on their command line that they are one (`update_process_title` changes what follows). */
export async function isBackendHere(pid: number): Promise<boolean> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")
  return /(^|\/)postgres\b/.test(commandLine)
}
