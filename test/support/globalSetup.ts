import type { TestProject } from "vitest/node"
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
  return server.stop
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
