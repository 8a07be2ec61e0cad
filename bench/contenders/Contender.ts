import type { DataFacts, Timing } from "../BenchResult.ts"
import type { Copy } from "../server.ts"

export const contenderKinds = ["naive", "runbook", "trigger", "wall", "bare", "cutover"] as const
export type ContenderKind = (typeof contenderKinds)[number]

/** A way to get the returns out of their table. */
export type Contender = {
  readonly kind: ContenderKind
  readonly name: string
  /** One sentence for the table's legend. */
  readonly says: string
  /** Connections at work at once. */
  readonly parallel: number
  /** What must be there before the clock starts. */
  readonly prepare: (copy: Copy, data: DataFacts) => Promise<void>
  /** Does it, and says how long it took. */
  readonly run: (copy: Copy, data: DataFacts) => Promise<Pick<Timing, "ms" | "process" | "parts">>
  /** Throws unless it left what it promises. */
  readonly check: (copy: Copy, data: DataFacts) => Promise<void>
}
