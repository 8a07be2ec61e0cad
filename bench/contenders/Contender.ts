import type { DataFacts, Timing } from "../BenchResult.ts"
import type { Copy } from "../server.ts"

/** A way to partition the flights. What it makes is checked by `table` after each run. */
export type Contender = {
  readonly name: string
  /** One sentence for the table's legend. */
  readonly says: string
  /** The partitioned table that it leaves. */
  readonly table: string
  /** What must be there before the clock starts. */
  readonly prepare: (copy: Copy, data: DataFacts) => Promise<void>
  /** Does it, and says how long it took. */
  readonly run: (copy: Copy, data: DataFacts) => Promise<Pick<Timing, "ms" | "process" | "parts">>
}
