import type { DataFacts } from "./BenchResult.ts"
import type { BenchServer } from "./server.ts"

/** What each measurement works with. */
export type Bench = {
  readonly server: BenchServer
  readonly data: DataFacts
  /** How often each contender runs. */
  readonly runs: number
  /** How many pauses of each kind. */
  readonly pauses: number
  /** From 0 to 1, repeatable by the seed. */
  readonly random: () => number
  /** Tells the person who waits what is happening: one line. */
  readonly say: (line: string) => void
}
