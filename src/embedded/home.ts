import { readFile, realpath, rm, rmdir, unlink } from "node:fs/promises"
import { join } from "node:path"
import { type Account, serverAccount } from "./account.ts"
import type { Major } from "./binaries.ts"
import { hasCode } from "./hasCode.ts"

/**
 * Where the files of a cluster are: `data` is PostgreSQL's own, the rest lies beside it in `folder`.
 * `folder` is `cluster` in the cluster's directory, or what a symbolic link of that name points to.
 */
export type Home = {
  readonly directory: string
  readonly folder: string
  readonly data: string
  readonly log: string
  readonly major: Major
  /** Superuser `postgres`. */
  readonly password: string
  readonly account: Account | undefined
}

/** The name in a cluster's directory; it appears whole, or not at all. */
export function homeLink(directory: string): string {
  return join(directory, "cluster")
}

/** Reads what is in the directory; undefined when there is no cluster. */
export async function findHome(directory: string): Promise<Home | undefined> {
  try {
    const folder = await realpath(homeLink(directory))
    const data = join(folder, "data")
    const password = await readFile(passwordFile(folder), "utf8")
    const major = Number(await readFile(join(folder, "major"), "utf8")) as Major
    const account = await serverAccount(data)
    return { directory, folder, data, log: join(folder, "postgres.log"), major, password, account }
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined
    throw error
  }
}

export function passwordFile(folder: string): string {
  return join(folder, "password")
}

/** Deletes all files of a cluster that is stopped, and its directory when nothing else is in it. */
export async function removeHome(home: Home): Promise<void> {
  await rm(home.folder, { recursive: true, force: true, maxRetries: 5 })
  await unlink(homeLink(home.directory)).catch(ignoreCodes("ENOENT"))
  await rmdir(home.directory).catch(ignoreCodes("ENOENT", "ENOTEMPTY", "EEXIST"))
}

/** How PostgreSQL tells what went wrong: the last lines of its log. */
export async function readLogTail(home: Home): Promise<string> {
  const log = await readFile(home.log, "utf8").catch(() => "")
  return log.trimEnd().split("\n").slice(-15).join("\n")
}

function ignoreCodes(...codes: readonly string[]): (error: unknown) => void {
  return (error) => {
    if (!hasCode(error, ...codes)) throw error
  }
}
