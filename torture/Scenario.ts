import type { TestServer } from "../test/support/database.ts"

/** How much is thrown: minutes for all scenarios together, what one scenario usually gets, or all that there is. */
export type Size = "quick" | "usual" | "full"

export type Options = {
  readonly rows: number
  readonly size: Size
  /** The one case that is to be played again, in a scenario's own words; undefined for all. */
  readonly at?: string | undefined
  /** The first seed. */
  readonly first: number
}

/** What one seed of a scenario came to; `failures` says in words what is not as promised, and is empty where all is. */
export type Round = {
  readonly failures: readonly string[]
  /** Figures that the summary adds up; `faults` is how many things went wrong, where it is not one. */
  readonly counts: Readonly<Record<string, number>>
  /** Figures, in milliseconds, of which the summary shows median, p95 and maximum. */
  readonly ms: Readonly<Record<string, number | readonly number[]>>
}

/** The cases of a scenario that are not just seeds, each as `--at` takes it; and what is wrong with the list itself. */
export type Plan = { readonly cases: readonly string[]; readonly failures: readonly string[] }

export type Scenario = {
  /** Its place in the list of faults. */
  readonly id: string
  readonly name: string
  readonly says: string
  readonly seeds: Readonly<Record<Size, number>>
  /** Whether the server is to keep what it committed when the machine goes down; where it is not, a run is several times faster. */
  readonly isDurable?: boolean
  /** How many rounds are played at the same time; one after the other where a round takes times that another would change. */
  readonly atOnce?: number
  readonly plan?: (server: TestServer, options: Options) => Promise<Plan>
  readonly run: (server: TestServer, seed: number, options: Options) => Promise<Round>
}
