import { type AddressInfo, type Socket, connect, createServer } from "node:net"

/** A pooler in front of a server, as `url` says; gone at the end of the block. */
export type Pooler = AsyncDisposable & { readonly url: string }

type Server = { readonly socket: Socket; client: Client | undefined; rest: Buffer }
type Client = { readonly socket: Socket; server: Server | undefined }

/**
 * A connection pooler in transaction mode, as small as it can be: each client logs in on a server connection of its own,
 * which then belongs to all; for each transaction a client gets the one that was given back last.
 */
export async function startTransactionPooler(serverUrl: string): Promise<Pooler> {
  const target = new URL(serverUrl)
  const { hostname, port } = target
  const idle: Server[] = []
  const sockets = new Set<Socket>()

  const listener = createServer((socket) => {
    const own: Server = { socket: connect(Number(port), hostname), client: undefined, rest: Buffer.alloc(0) }
    const client: Client = { socket, server: own }
    own.client = client
    for (const one of [socket, own.socket]) {
      sockets.add(one)
      one.on("error", () => {})
    }
    socket.on("data", (chunk) => {
      client.server ??= lend(idle, client)
      client.server.socket.write(chunk)
    })
    own.socket.on("data", (chunk) => {
      own.client?.socket.write(chunk)
      if (!endsTransaction(own, chunk)) return
      if (own.client !== undefined) own.client.server = undefined
      own.client = undefined
      idle.push(own)
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve))
  target.hostname = "127.0.0.1"
  target.port = String((listener.address() as AddressInfo).port)
  return {
    url: target.href,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}

function lend(idle: Server[], client: Client): Server {
  const server = idle.pop()
  if (server === undefined) throw new Error("the pooler has no server connection left")
  server.client = client
  return server
}

/** ReadyForQuery (Z) with status I: the server is in no transaction (PostgreSQL manual, 53.7). */
function endsTransaction(server: Server, chunk: Buffer): boolean {
  let data = Buffer.concat([server.rest, chunk])
  let isIdle = false
  while (data.length >= 5 && data.length >= 1 + data.readUInt32BE(1)) {
    const end = 1 + data.readUInt32BE(1)
    isIdle = data[0] === "Z".charCodeAt(0) && data[5] === "I".charCodeAt(0)
    data = data.subarray(end)
  }
  server.rest = data
  return isIdle && data.length === 0
}
