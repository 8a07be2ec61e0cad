import type { DataFacts } from "./BenchResult.ts"
import type { ContenderKind } from "./contenders/Contender.ts"
import type { BenchServer } from "./server.ts"

/** What each measurement works with: one set of data on one server. */
export type Bench = {
  readonly server: BenchServer
  readonly data: DataFacts
  /** How often each contender runs. */
  readonly runs: number
  /** How many pauses of each kind. */
  readonly pauses: number
  /** Which contenders run. */
  readonly contenders: readonly ContenderKind[]
  /** The numbers of connections that the contenders with several of them run with; the first is the one of all else. */
  readonly parallel: readonly number[]
  /** `--batch-target` of our runs, as it is typed. */
  readonly batchTarget: string
  /** How long live writers are watched while nothing else works, in milliseconds. */
  readonly idleMs: number
  /** How long to wait for a calm moment of a machine that others use, too; with 0 nothing is repeated either. */
  readonly patienceMs: number
  /** From 0 to 1, repeatable by the seed. */
  readonly random: () => number
  /** Tells the person who waits what is happening: one line. */
  readonly say: (line: string) => void
}
