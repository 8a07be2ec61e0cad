import type { TestServer } from "../test/support/database.ts"

export type Options = { readonly rows: number }

/** What one seed of a scenario came to; `failures` says in words what is not as promised, and is empty where all is. */
export type Round = {
  readonly failures: readonly string[]
  /** Figures that the summary adds up. */
  readonly counts: Readonly<Record<string, number>>
  /** Figures, in milliseconds, of which the summary shows median, p95 and maximum. */
  readonly ms: Readonly<Record<string, number>>
}

export type Scenario = {
  readonly name: string
  readonly says: string
  readonly seeds: number
  readonly run: (server: TestServer, seed: number, options: Options) => Promise<Round>
}
