import { type TestServer, createDatabase } from "../../test/support/database.ts"
import { type LaunchInput, launchRun, services, worker } from "../../test/support/runs.ts"
import type { Statement } from "../../test/support/wire/Statement.ts"
import { FaultProxy } from "../../test/support/wire/faultProxy.ts"
import type { Moment } from "./Moment.ts"
import { footprintOf } from "./footprint.ts"
import { createSmallTable, launchInput, startSlowWriters } from "./smallTable.ts"
import { untilQuiet } from "./untilQuiet.ts"

/** A statement of an undisturbed run, and the state of the run when it was sent. */
export type Recorded = Statement & { readonly step: string }

/** What undisturbed runs do, and leave behind. */
export type Recording = {
  /** Those that every run sends, in their order: of each kind as many as the run with the fewest sent. */
  readonly statements: readonly Recorded[]
  readonly footprint: readonly string[]
}

/** So many runs are recorded: what only some of them sent depends on timing, and cannot be waited for. */
const recordedRuns = 2

/** How long one may take. */
const patienceMs = 60_000

const recordings = new WeakMap<TestServer, Map<LaunchInput, Promise<Recording>>>()

/** The recording of a server and a way to launch; made when it is first asked for. */
export async function recordingOf(server: TestServer, input = launchInput): Promise<Recording> {
  const ofServer = recordings.get(server) ?? new Map<LaunchInput, Promise<Recording>>()
  recordings.set(server, ofServer)
  const recording = ofServer.get(input) ?? record(server, input)
  ofServer.set(input, recording)
  return await recording
}

async function record(server: TestServer, input: LaunchInput): Promise<Recording> {
  const runs = []
  for (let n = 0; n < recordedRuns; n++) runs.push(await recordRun(server, n, input))
  const [first, ...others] = runs
  if (first === undefined) throw new Error("nothing was recorded")
  const fewest = others.map((other) => countKinds(other.statements))
  const statements = first.statements.filter((one) =>
    fewest.every((counts) => one.occurrence <= (counts.get(one.kind) ?? 0)),
  )
  return { statements, footprint: first.footprint }
}

async function recordRun(server: TestServer, seed: number, input: LaunchInput): Promise<Recording> {
  await using database = await createDatabase("recorded", server.url)
  await createSmallTable(database, input)
  await using writers = await startSlowWriters(database, seed)
  const steps: string[] = []
  let step = "launch"
  await using proxy = await FaultProxy.start(database.url, (statement) => {
    steps[statement.n] = step
    if (!/^\s*commit/i.test(statement.text)) return undefined
    const readStep = async (): Promise<void> => {
      const known = await database.query<{ there: boolean }>("select to_regclass('cutover.runs') is not null as there")
      if (known[0]?.there !== true) return
      const [run] = await database.query<{ state: string }>("select state from cutover.runs")
      step = run?.state ?? step
    }
    return { type: "hold", when: "after", until: readStep }
  })
  {
    await using open = await services({ ...database, url: proxy.url })
    const run = await launchRun(open, input)
    await using _ = await worker(open, run.id)
    await untilQuiet(database, run.id, patienceMs)
  }
  await writers.stop()
  const statements = proxy.statements.map((one) => ({ ...one, step: steps[one.n] ?? step }))
  return { statements, footprint: await footprintOf(database) }
}

function countKinds(statements: readonly Statement[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { kind } of statements) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

/** Before and after each statement of a recording. */
export function momentsOf(statements: readonly Statement[]): Moment[] {
  return statements.flatMap(({ kind, occurrence }) => [
    { kind, occurrence, when: "before" as const },
    { kind, occurrence, when: "after" as const },
  ])
}
