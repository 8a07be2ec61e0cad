import { request } from "node:http"
import { setTimeout as sleep } from "node:timers/promises"
import type { StartedPostgreSqlContainer } from "@testcontainers/postgresql"

/** A container of PostgreSQL; undefined where no Docker engine answers, or it cannot get the image. */
export async function startContainer(
  major: number,
  settings: Readonly<Record<string, string>>,
): Promise<StartedPostgreSqlContainer | undefined> {
  if (!(await isDockerAnswering())) return undefined
  const { PostgreSqlContainer } = await import("@testcontainers/postgresql")
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
  const container = new PostgreSqlContainer(`postgres:${major}`)
    .withSharedMemorySize(1024 ** 3)
    .withCommand(["postgres", ...options])
  try {
    return await Promise.race([container.start(), tooLate()])
  } catch (error) {
    console.warn(`Docker answers, but did not bring PostgreSQL ${major}; taking the embedded one.`, error)
    return undefined
  }
}

/** Long enough to pull the image, short enough for a machine that has an engine but no way to the registry. */
const startTimeoutMs = 180_000

async function tooLate(): Promise<never> {
  await sleep(startTimeoutMs, undefined, { ref: false })
  throw new Error(`the container did not start within ${startTimeoutMs / 1000} s`)
}

/** Whether a Docker engine answers within a second, at `DOCKER_HOST` or the usual socket. */
export async function isDockerAnswering(host = process.env["DOCKER_HOST"] ?? usualSocket): Promise<boolean> {
  const target = findTarget(host)
  if (target === undefined) return false
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const ping = request({ ...target, path: "/_ping", signal: AbortSignal.timeout(1_000) }, (response) => {
    response.resume()
    resolve(response.statusCode === 200)
  })
  ping.on("error", () => resolve(false))
  ping.end()
  return promise
}

const usualSocket = "unix:///var/run/docker.sock"

function findTarget(host: string): { socketPath: string } | { host: string; port: string } | undefined {
  const url = URL.parse(host)
  if (url?.protocol === "unix:") return { socketPath: url.pathname }
  if (url?.protocol === "tcp:") return { host: url.hostname, port: url.port }
  return undefined
}
