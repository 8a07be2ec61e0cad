import { once } from "node:events"
import { type AddressInfo, type Server, createServer } from "node:net"
import { Connection } from "./Connection.ts"
import type { Fault } from "./Fault.ts"
import { type Statement, kindOf } from "./Statement.ts"

/** Decides, as each statement comes, what goes wrong with it; undefined lets it pass. */
export type Decide = (statement: Statement) => Fault | undefined

/**
 * A TCP proxy before a server, which numbers the statements that pass and does to them what it is told. `await using` ends it
 * and every connection through it, and throws where a fault could not be done.
 */
export class FaultProxy implements AsyncDisposable {
  /** All statements that came, in order: the recording of a run. */
  readonly statements: Statement[] = []
  /** What was asked in each transaction that ended because its connection did. */
  readonly cutShort: (readonly Statement[])[] = []
  /** How long each client stayed on a connection that had become deaf, in milliseconds. */
  readonly givenUpMs: number[] = []
  #server: URL
  readonly #listener: Server
  readonly #connections = new Set<Connection>()
  readonly #seen = new Map<string, number>()
  readonly #failures: unknown[] = []
  #decide: Decide
  #opened = 0
  #isRefusing = false

  private constructor(serverUrl: string, decide: Decide) {
    this.#server = new URL(serverUrl)
    this.#decide = decide
    this.#listener = createServer((socket) => {
      if (this.#isRefusing) {
        socket.on("error", () => {})
        socket.destroy()
        return
      }
      const connection = new Connection(socket, this.#server, {
        number: ++this.#opened,
        onStatement: (asked) => this.#onStatement(asked),
        onDeath: () => this.cutAll(),
        onFailure: (error) => this.#failures.push(error),
        onGivenUp: (afterMs) => this.givenUpMs.push(afterMs),
        onEnd: (transaction) => {
          this.#connections.delete(connection)
          if (transaction.length > 0) this.cutShort.push(transaction)
        },
      })
      this.#connections.add(connection)
    })
  }

  /** `decide` may be changed later; without one everything passes, and is recorded. */
  static async start(serverUrl: string, decide: Decide = () => undefined): Promise<FaultProxy> {
    const proxy = new FaultProxy(serverUrl, decide)
    proxy.#listener.listen(0, "127.0.0.1")
    await once(proxy.#listener, "listening")
    return proxy
  }

  /** The server's address, by way of this proxy. */
  get url(): string {
    const url = new URL(this.#server)
    url.hostname = "127.0.0.1"
    url.port = String((this.#listener.address() as AddressInfo).port)
    return url.href
  }

  set decide(decide: Decide) {
    this.#decide = decide
  }

  /** New connections go to another server from now on, and are let in again; those that are open stay where they are. */
  set serverUrl(url: string) {
    this.#server = new URL(url)
    this.#isRefusing = false
  }

  /** Cuts every connection at once and lets nobody in any more: to the server, the client has died. */
  cutAll(): void {
    this.#isRefusing = true
    for (const connection of this.#connections) connection.cut()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cutAll()
    this.#listener.close()
    await once(this.#listener, "close")
    if (this.#failures.length > 0)
      throw new AggregateError(this.#failures, `a fault failed: ${this.#failures.join("; ")}`)
  }

  #onStatement(asked: Omit<Statement, "n" | "kind" | "occurrence">): {
    readonly statement: Statement
    readonly fault: Fault | undefined
  } {
    const kind = kindOf(asked.text)
    const occurrence = (this.#seen.get(kind) ?? 0) + 1
    this.#seen.set(kind, occurrence)
    const statement = { ...asked, n: this.statements.length + 1, kind, occurrence }
    this.statements.push(statement)
    return { statement, fault: this.#decide(statement) }
  }
}
