import type { Status } from "../src/domain/status.ts"
import type { TestDatabase } from "../test/support/database.ts"
import { type WritersReport, differencesFromTruth } from "../test/support/writers.ts"
import type { Round } from "./Scenario.ts"

export type Ended = {
  /** The state that the run was to come to; null where the scenario looks itself. */
  readonly wanted: string | null
  readonly status: Status
  readonly ms: Readonly<Record<string, number>>
  readonly mostStallMs?: number
}

/** The longest that one client's transaction may take where nobody is in the way. */
const usualStallMs = 500

/** Holds the table against what the writers say they wrote, and the run against what it was to come to. */
export async function judge(
  database: TestDatabase,
  report: WritersReport,
  { wanted, status, ms, mostStallMs = usualStallMs }: Ended,
): Promise<Round> {
  const { lost, extra } = await differencesFromTruth(database)
  const { state, control, reason } = status.run
  const failures = [
    ...(wanted === null || state === wanted ? [] : [`the run is in ${state}, ${control}: ${reason}`]),
    ...(control === "halted" ? [`halted: ${reason}`] : []),
    ...(lost + extra === 0 ? [] : [`${lost} rows lost or stale, ${extra} extra`]),
    ...new Set(report.errors),
    ...(report.longestMs < mostStallMs ? [] : [`a client's transaction took ${Math.round(report.longestMs)} ms`]),
  ]
  return {
    failures,
    counts: { transactions: report.transactions, lost, extra, clientErrors: report.errors.length },
    ms: { ...ms, longestClientTransaction: report.longestMs },
  }
}
