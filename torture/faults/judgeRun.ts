import type { TestDatabase } from "../../test/support/database.ts"
import type { Writers } from "../../test/support/writers.ts"
import { services } from "../../test/support/runs.ts"
import { readStatus } from "../../src/store/status.ts"
import type { Round } from "../Scenario.ts"
import { judge } from "../judge.ts"
import { differencesOf, footprintOf, openSessions } from "./footprint.ts"
import type { Recording } from "./recording.ts"
import { findRunId } from "./lives.ts"

export type Judged = {
  readonly writers: Writers
  readonly recording: Recording
  readonly counts: Readonly<Record<string, number>>
  readonly failures: readonly string[]
  readonly mostStallMs?: number
}

/** A killed worker's locks go with its session, which the server notices within a quarter of a second. */
const usualStallMs = 1_500

/** The one oracle: nothing lost, nothing twice, and everything as an undisturbed run leaves it. */
export async function judgeRun(
  database: TestDatabase,
  { writers, recording, counts, failures, mostStallMs = usualStallMs }: Judged,
): Promise<Round> {
  const report = await writers.stop()
  const left = await openSessions(database)
  const runId = await findRunId(database)
  if (runId === undefined) return { failures: [...failures, "there is no run"], counts, ms: {} }
  await using open = await services(database)
  const status = await readStatus(open.database, runId)
  const round = await judge(database, report, { wanted: "cleanup", status, ms: {}, mostStallMs })
  return {
    failures: [
      ...failures,
      ...round.failures,
      ...differencesOf(await footprintOf(database), recording.footprint),
      ...left,
    ],
    counts: { ...counts, ...round.counts },
    ms: round.ms,
  }
}
