import type { TestProject } from "vitest/node"
import pg from "pg"
import { startContainer } from "./docker.ts"
import { destroyLeftovers, mainMajor, openTestCluster, testSettings } from "./testClusters.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** A superuser's way to the server of this test run. */
    adminUrl: string
  }
}

/**
 * One server for the whole test run: the one of `TEST_DATABASE_URL`, else a container where Docker answers,
 * else the embedded binaries.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<unknown>> {
  const server = await startMainServer()
  project.provide("adminUrl", server.url)
  await ensureTablespace(server.url)
  return server.stop
}

/** A tablespace is of the whole server, and cannot be made in a transaction: the tests of tables share this one. */
async function ensureTablespace(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl, application_name: "test/setup" })
  await client.connect()
  try {
    const { rowCount } = await client.query("select from pg_tablespace where spcname = 'cutover_space'")
    if (rowCount !== 0) return
    await client.query("set allow_in_place_tablespaces = on")
    await client.query("create tablespace cutover_space location ''")
  } finally {
    await client.end()
  }
}

async function startMainServer(): Promise<{ url: string; stop: () => Promise<unknown> }> {
  const given = process.env["TEST_DATABASE_URL"]
  if (given) return { url: given, stop: async () => {} }

  const container = await startContainer(mainMajor, testSettings)
  if (container !== undefined) return { url: container.getConnectionUri(), stop: () => container.stop() }

  await destroyLeftovers()
  const cluster = await openTestCluster(mainMajor)
  return { url: cluster.url, stop: () => cluster.destroy() }
}
