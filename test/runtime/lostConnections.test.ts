import { describe, expect, it } from "vitest"
import { parseTableName } from "../../src/domain/tableName.ts"
import { abort } from "../../src/runtime/commands/abort.ts"
import { openGate } from "../../src/runtime/commands/attach.ts"
import { cleanupNow } from "../../src/runtime/commands/cleanup.ts"
import { doctor } from "../../src/runtime/commands/doctor.ts"
import { pause } from "../../src/runtime/commands/pause.ts"
import { resume } from "../../src/runtime/commands/resume.ts"
import { retry } from "../../src/runtime/commands/retry.ts"
import { rollback } from "../../src/runtime/commands/rollback.ts"
import { set } from "../../src/runtime/commands/set.ts"
import { verify } from "../../src/runtime/commands/verify.ts"
import { findRunByReference } from "../../src/runtime/findRun.ts"
import type { OpenServices } from "../../src/runtime/openServices.ts"
import { type TestDatabase, copyDatabase, createDatabase } from "../support/database.ts"
import { catalogOf, contentOf } from "../support/oracle.ts"
import { launchRun, services, workUntil, workUntilQuiet } from "../support/runs.ts"
import type { When } from "../support/wire/Fault.ts"
import { type Statement, shapeOf } from "../support/wire/Statement.ts"
import { FaultProxy } from "../support/wire/faultProxy.ts"
import { createTruth } from "../support/writers.ts"

/** Where a run is when a command comes. */
type Stage = "none" | "copying" | "paused" | "gated" | "swapped"

const input = {
  table: "t",
  by: "d",
  options: { writes: "capture", attach: "manual", monthsAhead: 0, monthsBack: 0 },
} as const

/** The command, given to the run of table `t`. */
type Act = (open: OpenServices, runId: string) => Promise<unknown>

const commands: readonly (readonly [name: string, stage: Stage, act: Act])[] = [
  ["launch", "none", (open) => launchRun(open, input)],
  ["pause", "copying", (open, id) => pause(open, id, { reason: "lunch", forMs: 3_600_000 })],
  ["resume", "paused", (open, id) => resume(open, id)],
  ["retry", "paused", (open, id) => retry(open, id, { partition: "2024-01" })],
  ["set", "copying", (open, id) => set(open, id, { parallel: 3 })],
  ["attach", "gated", (open, id) => openGate(open, id)],
  ["verify", "gated", (open, id) => verify(open, id)],
  ["doctor", "gated", async (open) => (await doctor(open, parseTableName("t"))).findings.map((one) => one.code)],
  ["abort", "gated", (open, id) => abort(open, id)],
  ["rollback", "swapped", (open, id) => rollback(open, id, "test")],
  ["cleanup", "swapped", (open, id) => cleanupNow(open, id, { beforeWindow: true, reason: "test" })],
]

async function prepare(database: TestDatabase, stage: Stage): Promise<void> {
  await createTruth(database, 300, 59)
  if (stage === "none") return
  await using open = await services(database)
  const run = await launchRun(open, input)
  if (stage === "copying") return
  await workUntil(open, run.id, (status) => status.run.state === "attach" && status.run.control === "waiting")
  if (stage === "paused") await pause(open, run.id, { reason: "test", forMs: null })
  if (stage !== "swapped") return
  await openGate(open, run.id)
  await workUntilQuiet(open, run.id)
  await database.query(
    "update t set d = d - interval '20 days' where d > '2024-02-01' and id % 7 = 0; delete from t where id % 11 = 0",
  )
}

/** What a command leaves behind; whatever is done twice, or by halves, shows. */
async function footprintOf(database: TestDatabase): Promise<unknown> {
  const run = await database.query(
    "select state, control, reason, epoch, tick, options, gate_opened_at is not null as is_open, finished_at is not null as is_over from cutover.runs",
  )
  const log = await database.query("select kind, count(*)::int from cutover.log group by kind order by kind")
  const jobs = await database.query(
    "select data->>'task' as task, state, count(*)::int from cutover_jobs.job group by 1, 2 order by 1, 2",
  )
  const queues = await database.query("select count(*)::int from cutover_jobs.queue where name like 'run-%'")
  const catalog = (await catalogOf(database)).map((line) => shapeOf(line)).toSorted()
  return { run, log, jobs, queues, catalog, content: await contentOf(database, "t") }
}

/**
 * Gives a command by way of a proxy, as the command line does: from opening the services to closing them. Answers how many statements
 * the opening took.
 */
async function give(proxy: FaultProxy, database: TestDatabase, [, stage, act]: (typeof commands)[number]) {
  await using open = await services({ ...database, url: proxy.url })
  const opening = proxy.statements.length
  const runId = stage === "none" ? "" : (await findRunByReference(open, "t")).id
  await act(open, runId)
  return opening
}

type Moment = { readonly kind: string; readonly occurrence: number; readonly when: When }

/** Before a statement or after it, by turns; of a COMMIT both: it is there that nobody can know. */
function momentsOf(statements: readonly Statement[]): readonly Moment[] {
  return statements.flatMap(({ kind, occurrence, text }, n) => {
    const whens = text === "commit" ? whenever : [whenever[n % 2] ?? "before"]
    return whens.map((when) => ({ kind, occurrence, when }))
  })
}

/** So many connections of a command break; its patience lasts for more. */
const cutsPerCommand = 4

/** Each command suffers from its begin to its end. */
function dealOut(moments: readonly Moment[]): Set<Moment>[] {
  const times = Math.ceil(moments.length / cutsPerCommand)
  return Array.from({ length: times }, (_, n) => new Set(moments.filter((__, i) => i % times === n)))
}

const whenever = ["before", "after"] as const

describe.concurrent("a command whose connection breaks", () => {
  it.each(commands)(
    "goes on: %s, cut before and after each statement, ends as if nothing had been",
    { timeout: 900_000 },
    async (...command) => {
      await using original = await createDatabase("lost")
      await prepare(original, command[1])
      let moments: readonly Moment[] = []
      let undisturbed: unknown
      {
        await using database = await copyDatabase(original)
        await using proxy = await FaultProxy.start(database.url)
        const opening = await give(proxy, database, command)
        undisturbed = await footprintOf(database)
        // All commands open their services alike.
        moments = momentsOf(command[0] === "launch" ? proxy.statements : proxy.statements.slice(opening))
      }
      let missed = 0
      for (const left of dealOut(moments)) {
        await using database = await copyDatabase(original)
        const cuts: string[] = []
        await using proxy = await FaultProxy.start(database.url, ({ kind, occurrence, text }) => {
          const moment = [...left].find((one) => one.kind === kind && occurrence >= one.occurrence)
          if (moment === undefined) return undefined
          left.delete(moment)
          cuts.push(`${moment.when} ${shapeOf(text)}`)
          return { type: "cut", when: moment.when }
        })
        const outcome: unknown = await give(proxy, database, command).then(
          () => "done",
          (error: unknown) => error,
        )
        expect(outcome, cuts.join("\n")).toBe("done")
        expect(await footprintOf(database), cuts.join("\n")).toEqual(undisturbed)
        missed += left.size
      }
      // The queue's own upkeep comes by the clock, and may not come this time.
      expect(missed).toBeLessThan(moments.length / 4)
    },
  )
})
