import { readFile } from "node:fs/promises"
import { createServer } from "node:net"
import { join } from "node:path"
import { hasCode } from "./hasCode.ts"
import type { Home } from "./home.ts"
import { writeWhole } from "./writeWhole.ts"

/** The port asked for if nobody listens there, else a free one. */
export async function choosePort(wanted: number | undefined): Promise<number> {
  if (wanted !== undefined && (await isPortFree(wanted))) return wanted
  const free = await listenOnce(0)
  if (free === undefined) throw new Error("the machine has no free port")
  return free
}

export async function isPortFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== undefined
}

/** The port that the last start chose. */
export async function readPort(home: Home): Promise<number | undefined> {
  try {
    return Number(await readFile(portFile(home), "utf8"))
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined
    throw error
  }
}

export async function savePort(home: Home, port: number): Promise<void> {
  await writeWhole(portFile(home), String(port))
}

function portFile(home: Home): string {
  return join(home.folder, "port")
}

function listenOnce(port: number): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  const server = createServer()
  server.on("error", (error) => (hasCode(error, "EADDRINUSE", "EACCES") ? resolve(undefined) : reject(error)))
  server.listen({ host: "127.0.0.1", port }, () => {
    const address = server.address()
    server.close(() => resolve(typeof address === "object" ? address?.port : undefined))
  })
  return promise
}
