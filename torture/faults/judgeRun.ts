import { readStatus } from "../../src/store/status.ts"
import type { TestDatabase } from "../../test/support/database.ts"
import { services } from "../../test/support/runs.ts"
import type { Writers } from "../../test/support/writers.ts"
import type { Round } from "../Scenario.ts"
import { judge } from "../judge.ts"
import { differencesOf, footprintOf, openSessions } from "./footprint.ts"
import { findRunId } from "./lives.ts"
import type { Recording } from "./recording.ts"

export type Judged = {
  readonly writers: Writers
  readonly counts: Readonly<Record<string, number>>
  readonly failures: readonly string[]
  /** The state that the run was to come to. */
  readonly wanted?: string
  readonly mostStallMs?: number
}

/** A killed worker's locks go with its session, which the server notices within a quarter of a second. */
const usualStallMs = 1_500

/** The one oracle for runs of the small table: nothing lost, nothing twice, and everything as an undisturbed run leaves it. */
export async function judgeRun(
  database: TestDatabase,
  { recording, ...judged }: Judged & { readonly recording: Recording },
): Promise<Round> {
  const round = await judgeEnd(database, judged)
  return {
    ...round,
    failures: [...round.failures, ...differencesOf(await footprintOf(database), recording.footprint)],
  }
}

/** The part of it that holds for every table: rows as the writers wrote them, the run at its end, no session left. */
export async function judgeEnd(
  database: TestDatabase,
  { writers, counts, failures, wanted = "cleanup", mostStallMs = usualStallMs }: Judged,
): Promise<Round> {
  const report = await writers.stop()
  const left = await openSessions(database)
  const runId = await findRunId(database)
  if (runId === undefined) return { failures: [...failures, "there is no run"], counts, ms: {} }
  await using open = await services(database)
  const status = await readStatus(open.database, runId)
  const round = await judge(database, report, { wanted, status, ms: {}, mostStallMs })
  return { failures: [...failures, ...round.failures, ...left], counts: { ...counts, ...round.counts }, ms: round.ms }
}
