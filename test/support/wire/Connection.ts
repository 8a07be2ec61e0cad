import { type Socket, connect } from "node:net"
import type { Fault } from "./Fault.ts"
import type { Statement } from "./Statement.ts"
import {
  type Message,
  MessageReader,
  fatalMessage,
  queryMessage,
  readBind,
  readParse,
  readQuery,
  readStartup,
} from "./messages.ts"

export type Asked = Omit<Statement, "n" | "kind" | "occurrence">

export type Surroundings = {
  readonly number: number
  readonly onStatement: (asked: Asked) => { readonly statement: Statement; readonly fault: Fault | undefined }
  readonly onDeath: () => void
  /** Hears what went wrong with a fault itself: the connection is cut then. */
  readonly onFailure: (error: unknown) => void
  /** Hears how long a client stayed on a connection that had become deaf. */
  readonly onGivenUp: (afterMs: number) => void
  /** Hears the end, and what was asked in a transaction that ends with it. */
  readonly onEnd: (transaction: readonly Statement[]) => void
}

/**
 * One client and its session. What a client sends up to a Sync (or in one simple Query) is one statement, and the server
 * has answered it with ReadyForQuery (PostgreSQL manual, "Message Flow"); node-postgres sends the next one only then.
 */
export class Connection {
  readonly #client: Socket
  readonly #server: Socket
  readonly #around: Surroundings
  readonly #fromClient = new MessageReader("client")
  readonly #fromServer = new MessageReader("server")
  readonly #prepared = new Map<string, string>()
  #application = ""
  /** What the client has sent of its next statement. */
  #gathered: Message[] = []
  #transaction: Statement[] = []
  /** The statement whose answer the server owes, and what is to happen when it comes. */
  #pending: { readonly statement: Statement; readonly fault: Fault | undefined } | undefined
  #held: Buffer[] | undefined
  #isDeafTo: "toServer" | "toClient" | undefined
  #deafSince: number | undefined
  #isCut = false

  constructor(client: Socket, server: URL, around: Surroundings) {
    this.#client = client
    this.#around = around
    this.#server = connect(Number(server.port), server.hostname)
    for (const socket of [this.#client, this.#server]) {
      socket.setNoDelay(true)
      socket.on("error", () => {})
    }
    // Who is deaf does not hear of the other's end either.
    this.#server.on("close", () => this.#isDeafTo !== "toClient" && this.cut())
    this.#client.on("close", () => {
      if (this.#deafSince !== undefined && !this.#isCut) this.#around.onGivenUp(performance.now() - this.#deafSince)
      if (this.#isDeafTo !== "toServer") this.cut()
    })
    this.#client.on("data", (chunk) => {
      for (const message of this.#fromClient.read(chunk)) this.#onClientMessage(message)
    })
    this.#server.on("data", (chunk) => {
      for (const message of this.#fromServer.read(chunk)) this.#onServerMessage(message)
    })
  }

  cut(): void {
    if (this.#isCut) return
    this.#isCut = true
    this.#client.destroy()
    this.#server.destroy()
    this.#around.onEnd(this.#transaction)
  }

  #onClientMessage(message: Message): void {
    switch (message.type) {
      case "":
        return this.#onStartup(message)
      case "p": // part of logging in
      case "X": // goodbye
        return this.#toServer(message.bytes)
      default:
        this.#gathered.push(message)
        if (message.type === "Q" || message.type === "S") this.#ask(this.#gathered.splice(0))
    }
  }

  #onStartup(message: Message): void {
    const settings = readStartup(message.bytes)
    if (settings === undefined) throw new Error("the fault proxy speaks no TLS")
    this.#application = settings.get("application_name") ?? ""
    this.#pass("connect", [], [message])
  }

  #ask(messages: Message[]): void {
    let text = ""
    let values: (string | null)[] = []
    for (const { type, bytes } of messages) {
      if (type === "Q") text = readQuery(bytes)
      if (type === "P") {
        const parsed = readParse(bytes)
        this.#prepared.set(parsed.name, parsed.text)
      }
      if (type === "B") {
        const bound = readBind(bytes)
        text = this.#prepared.get(bound.name) ?? ""
        values = bound.values
      }
    }
    this.#pass(text, values, messages)
  }

  #pass(text: string, values: (string | null)[], messages: Message[]): void {
    const { statement, fault } = this.#around.onStatement({
      connection: this.#around.number,
      application: this.#application,
      text,
      values,
      before: [...this.#transaction],
    })
    const bytes = Buffer.concat(messages.map((message) => message.bytes))
    this.#pending = { statement, fault }
    void this.#suffer(statement, fault, bytes)
  }

  /** What happens before the server hears of it. */
  async #suffer(statement: Statement, fault: Fault | undefined, bytes: Buffer): Promise<void> {
    switch (fault?.type) {
      case undefined:
        return this.#toServer(bytes)
      case "raise":
        return this.#toServer(queryMessage(failing(statement, fault.sqlState)))
      case "end":
        this.#client.end(fatalMessage(fault.sqlState, "terminating connection because a test said so"))
        this.#server.destroy()
        return
      case "blackhole":
        this.#isDeafTo = fault.way
        this.#deafSince = performance.now()
        return this.#toServer(bytes)
      case "cut":
      case "die":
      case "hold":
        if (fault.when === "before") await this.#strike(statement, fault)
        else this.#held = []
        return this.#toServer(bytes)
    }
  }

  async #strike(statement: Statement, fault: Fault): Promise<void> {
    try {
      if (fault.type === "hold") await fault.until(statement)
    } catch (error) {
      this.#around.onFailure(error)
      this.cut()
    }
    if (fault.type === "cut") this.cut()
    if (fault.type === "die") this.#around.onDeath()
  }

  #onServerMessage({ type, bytes }: Message): void {
    if (this.#held === undefined || isChallenge({ type, bytes })) this.#toClient(bytes)
    else this.#held.push(bytes)
    if (type === "Z") void this.#onReady(String.fromCharCode(bytes[5] ?? 0) !== "I")
  }

  /** The server has answered the statement; `isOpen` says whether it left a transaction open. */
  async #onReady(isOpen: boolean): Promise<void> {
    const pending = this.#pending
    if (pending === undefined) return
    this.#pending = undefined
    if (isOpen) this.#transaction.push(pending.statement)
    else this.#transaction = []
    const held = this.#held
    if (held === undefined) return
    this.#held = undefined
    if (pending.fault !== undefined) await this.#strike(pending.statement, pending.fault)
    for (const bytes of held) this.#toClient(bytes)
  }

  #toServer(bytes: Buffer): void {
    if (!this.#isCut && this.#isDeafTo !== "toServer") this.#server.write(bytes)
  }

  #toClient(bytes: Buffer): void {
    if (!this.#isCut && this.#isDeafTo !== "toClient") this.#client.write(bytes)
  }
}

/** What the client must answer before the server lets it in: held back, neither would ever go on. */
function isChallenge({ type, bytes }: Message): boolean {
  return type === "R" && bytes.readUInt32BE(5) !== 0
}

/** A COMMIT that fails has ended its transaction; whatever else fails leaves it to be rolled back. */
function failing({ text }: Statement, sqlState: string): string {
  const raise = `do $$ begin raise exception using errcode = '${sqlState}', message = 'a test said so'; end $$`
  return /^\s*commit\b/i.test(text) ? `rollback; ${raise}` : raise
}
