import type { Major } from "../src/embedded/binaries.ts"
import { type TestServer, startServer } from "../test/support/database.ts"

/** The servers of a torture, each started when it is first wanted. */
export class Servers implements AsyncDisposable {
  readonly #major: Major
  #durable: Promise<TestServer> | undefined
  #fast: Promise<TestServer> | undefined

  constructor(major: Major) {
    this.#major = major
  }

  /** One that waits for the disk, as a real one does. */
  async durable(): Promise<TestServer> {
    return await (this.#durable ??= startServer(this.#major, { fsync: "on" }))
  }

  /** One that does not: for scenarios that count what is right, in many runs, and not how long it takes. */
  async fast(): Promise<TestServer> {
    return await (this.#fast ??= startServer(this.#major))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [this.#durable, this.#fast]) await (await server)?.destroy()
  }
}
