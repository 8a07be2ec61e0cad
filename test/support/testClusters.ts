import { randomBytes } from "node:crypto"
import { readdir } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Major } from "../../src/embedded/binaries.ts"
import { type Cluster, findCluster, openCluster } from "../../src/embedded/cluster.ts"
import { isRunning } from "../../src/embedded/processState.ts"

/** The major version that the tests run against: `PG_MAJOR`, or 18. */
export const mainMajor = Number(process.env["PG_MAJOR"] ?? 18) as Major

/** What a server that tests may lose can do without: a crash of the machine. */
export const testSettings = {
  fsync: "off",
  full_page_writes: "off",
  shared_buffers: "128MB",
  max_connections: "200",
}

/** A path for a cluster that nobody has, named after our process. */
export function newClusterDirectory(): string {
  return join(tmpdir(), `${prefix}${process.pid}-${randomBytes(4).toString("hex")}`)
}

export function openTestCluster(major: Major, settings: Record<string, string> = {}): Promise<Cluster> {
  return openCluster({ directory: newClusterDirectory(), major, settings: { ...testSettings, ...settings } })
}

/** Servers are daemons: those of test runs that were killed go on until this deletes them. */
export async function destroyLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1])
    if (pid > 0 && !isRunning(pid)) await (await findCluster(join(tmpdir(), name)))?.destroy()
  }
}

const prefix = "pg-cutover-test-"
