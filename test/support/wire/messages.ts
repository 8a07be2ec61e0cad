/** A message of PostgreSQL's protocol (manual, "Message Formats"): its type, "" for the first one of a client, and all its bytes. */
export type Message = { readonly type: string; readonly bytes: Buffer }

/** Cuts a stream into messages, wherever its chunks end. A client's first message has no type; a server's all have one. */
export class MessageReader {
  #rest: Buffer = Buffer.alloc(0)
  #isFirst: boolean

  constructor(side: "client" | "server") {
    this.#isFirst = side === "client"
  }

  read(chunk: Buffer): Message[] {
    const found: Message[] = []
    let data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    for (;;) {
      const head = this.#isFirst ? 0 : 1
      if (data.length < head + 4) break
      const end = head + data.readUInt32BE(head)
      if (data.length < end) break
      found.push({ type: head === 0 ? "" : String.fromCharCode(data[0] ?? 0), bytes: data.subarray(0, end) })
      this.#isFirst = false
      data = data.subarray(end)
    }
    this.#rest = data
    return found
  }
}

/** A simple Query with this text. */
export function queryMessage(text: string): Buffer {
  const body = Buffer.from(`${text}\0`)
  const message = Buffer.alloc(5 + body.length)
  message.write("Q")
  message.writeUInt32BE(4 + body.length, 1)
  body.copy(message, 5)
  return message
}

/** An ErrorResponse that ends its session, as a server writes one. */
export function fatalMessage(sqlState: string, text: string): Buffer {
  const fields = [`SFATAL`, `VFATAL`, `C${sqlState}`, `M${text}`].map((field) => `${field}\0`).join("")
  const body = Buffer.from(`${fields}\0`)
  const message = Buffer.alloc(5 + body.length)
  message.write("E")
  message.writeUInt32BE(4 + body.length, 1)
  body.copy(message, 5)
  return message
}

/** What a client's first message says of its session; undefined where it only asks for TLS or cancels. */
export function readStartup(bytes: Buffer): ReadonlyMap<string, string> | undefined {
  if (bytes.readUInt32BE(4) >>> 16 !== 3) return undefined
  const words = bytes.toString("utf8", 8).split("\0")
  const settings = new Map<string, string>()
  for (let n = 0; n + 1 < words.length && words[n] !== ""; n += 2) settings.set(words[n] ?? "", words[n + 1] ?? "")
  return settings
}

/** The text of a Query (Q). */
export function readQuery(bytes: Buffer): string {
  return bytes.toString("utf8", 5, bytes.length - 1)
}

/** The name and the text of a Parse (P). */
export function readParse(bytes: Buffer): { name: string; text: string } {
  const [name = "", text = ""] = bytes.toString("utf8", 5).split("\0", 2)
  return { name, text }
}

/** The statement and the values of a Bind (B), as text; those in binary are left out as null. */
export function readBind(bytes: Buffer): { name: string; values: (string | null)[] } {
  const portalEnd = bytes.indexOf(0, 5)
  const nameEnd = bytes.indexOf(0, portalEnd + 1)
  const name = bytes.toString("utf8", portalEnd + 1, nameEnd)
  let at = nameEnd + 1
  at += 2 + 2 * bytes.readUInt16BE(at)
  const values: (string | null)[] = []
  const count = bytes.readUInt16BE(at)
  at += 2
  for (let n = 0; n < count; n++) {
    const length = bytes.readInt32BE(at)
    at += 4
    values.push(length < 0 ? null : bytes.toString("utf8", at, at + length))
    at += Math.max(0, length)
  }
  return { name, values }
}
