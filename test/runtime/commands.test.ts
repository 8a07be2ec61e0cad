import { setTimeout as sleep } from "node:timers/promises"
import fc from "fast-check"
import { expect, it } from "vitest"
import { CutoverError } from "../../src/errors/CutoverError.ts"
import { abort } from "../../src/runtime/commands/abort.ts"
import { openGate } from "../../src/runtime/commands/attach.ts"
import { cleanupNow } from "../../src/runtime/commands/cleanup.ts"
import { pause } from "../../src/runtime/commands/pause.ts"
import { resume } from "../../src/runtime/commands/resume.ts"
import { retry } from "../../src/runtime/commands/retry.ts"
import { rollback } from "../../src/runtime/commands/rollback.ts"
import { set } from "../../src/runtime/commands/set.ts"
import type { OpenServices } from "../../src/runtime/openServices.ts"
import type { Status } from "../../src/domain/status.ts"
import { readStatus } from "../../src/store/status.ts"
import { dumpCatalog } from "../support/catalogDump.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { launchRun, services, waitForStatus, worker } from "../support/runs.ts"
import { createTruth, differencesFromTruth } from "../support/writers.ts"

/** How many sequences of commands, of five on the average; a release takes 200, about 1,000 commands. */
const runs = Number(process.env["CUTOVER_RANDOM_COMMANDS"] ?? 5)
/** The same each time, so that whoever changed something is to blame for a failure; a release tries others. */
const seed = Number(process.env["CUTOVER_RANDOM_SEED"] ?? 1)

/** What ought to be so: before the swap, after it, or at an end. */
type Model = {
  phase: "before" | "after" | "aborted" | "rolledBack" | "done"
  isPaused: boolean
  isGateOpen: boolean
}

type Real = { readonly database: TestDatabase; readonly open: OpenServices; readonly runId: string }

type Command = fc.AsyncCommand<Model, Real>

/** How many commands were given in all. */
let ran = 0

const isOver = ({ phase }: Model): boolean => phase !== "before" && phase !== "after"

/** A command of ours: does it, and says what is so afterwards, or with which code it must be refused. */
function command(
  name: string,
  judge: (model: Model) => string | undefined,
  act: (real: Real) => Promise<unknown>,
  change: (model: Model) => void,
): Command {
  return {
    check: () => true,
    toString: () => name,
    run: async (model, real) => {
      ran++
      const refusal = judge(model)
      if (refusal === undefined) {
        await act(real)
        change(model)
      } else {
        const error = await act(real).then(
          () => undefined,
          (thrown: unknown) => thrown,
        )
        expect(error).toBeInstanceOf(CutoverError)
        expect(error).toMatchObject({ code: refusal })
      }
      await settle(model, real)
      await assertReal(model, real)
    },
  }
}

const notAllowed = (isSo: boolean): string | undefined => (isSo ? "CUTOVER_STEP_NOT_ALLOWED" : undefined)
const nothing = (): void => {}
const end = (phase: Model["phase"]) => (model: Model) => {
  model.phase = phase
  model.isPaused = false
}

const commands: readonly fc.Arbitrary<Command>[] = [
  command(
    "pause",
    (model) => notAllowed(isOver(model)),
    ({ open, runId }) => pause(open, runId, { reason: "chance", forMs: null }),
    (model) => {
      model.isPaused = true
    },
  ),
  command(
    "resume",
    (model) => notAllowed(isOver(model)),
    ({ open, runId }) => resume(open, runId),
    (model) => {
      model.isPaused = false
    },
  ),
  command(
    "set",
    (model) => notAllowed(isOver(model)),
    ({ open, runId }) => set(open, runId, { parallel: 3, batchTargetMs: 15 }),
    nothing,
  ),
  command(
    "retry",
    (model) => notAllowed(isOver(model)),
    ({ open, runId }) => retry(open, runId, { partition: null }),
    (model) => {
      model.isPaused = false
    },
  ),
  command(
    "retry 2024-05",
    (model) => notAllowed(model.phase !== "before"),
    ({ open, runId }) => retry(open, runId, { partition: "2024-05" }),
    (model) => {
      model.isPaused = false
    },
  ),
  command(
    "attach",
    (model) => notAllowed(model.phase !== "before"),
    ({ open, runId }) => openGate(open, runId),
    (model) => {
      model.isGateOpen = true
    },
  ),
  command(
    "abort",
    (model) => notAllowed(model.phase !== "before"),
    ({ open, runId }) => abort(open, runId),
    end("aborted"),
  ),
  command(
    "rollback",
    (model) => notAllowed(model.phase !== "after"),
    ({ open, runId }) => rollback(open, runId, null),
    end("rolledBack"),
  ),
  command(
    "cleanup",
    (model) => notAllowed(model.phase !== "after"),
    ({ open, runId }) => cleanupNow(open, runId, { beforeWindow: true, reason: "chance" }),
    end("done"),
  ),
  command(
    "kill",
    () => undefined,
    ({ database }) => terminateOurs(database),
    nothing,
  ),
  command(
    "write",
    () => undefined,
    ({ database }) => write(database),
    nothing,
  ),
  command(
    "wait",
    () => undefined,
    () => sleep(150),
    nothing,
  ),
].map((one) => fc.constant(one))

/** Waits for what must come by itself: the swap once the gate is open, the end of a rollback. */
async function settle(model: Model, { open, runId }: Real): Promise<void> {
  if (model.phase === "rolledBack") await waitForStatus(open, runId, (one) => one.run.finishedAt !== null)
  if (model.phase !== "before" || model.isPaused || !model.isGateOpen) return
  await waitForStatus(open, runId, (one) => one.run.state === "cleanup" || one.run.control === "halted")
  model.phase = "after"
}

async function assertReal(model: Model, real: Real): Promise<void> {
  const { run } = await readStatus(real.open.database, real.runId)
  expect({ ...phaseOf(run), isPaused: run.control === "paused", error: run.error }).toEqual({
    isSwapped: model.phase === "after" || model.phase === "done",
    isOver: isOver(model),
    isPaused: model.isPaused,
    error: null,
  })
  expect(await differencesFromTruth(real.database)).toEqual({ lost: 0, extra: 0 })
}

function phaseOf({ state, finishedAt }: Status["run"]): { isSwapped: boolean; isOver: boolean } {
  return { isSwapped: ["analyze", "cleanup", "done"].includes(state), isOver: finishedAt !== null }
}

/** Every session of ours ends at once, as if the network had gone. */
async function terminateOurs(database: TestDatabase): Promise<void> {
  await database.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'cutover/%'",
  )
  await sleep(50)
}

async function write(database: TestDatabase): Promise<void> {
  await database.query(`
    with changed as (insert into t (vendor, d, amount) select 'new', timestamptz '2024-02-03' + g * interval '5 days', g from generate_series(1, 9) g returning *)
    insert into truth select * from changed`)
  await database.query("update t set d = d + interval '30 days' where id % 9 = 0 and d < '2024-09-01'")
  await database.query("update truth set d = d + interval '30 days' where id % 9 = 0 and d < '2024-09-01'")
}

it(
  `${runs} sequences of commands by chance leave the run as a model says (CUTOVER_RANDOM_SEED=${seed})`,
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands([...commands], { maxCommands: 14 }), async (sequence) => {
        await using database = await createDatabase("commands")
        await createTruth(database, 3_000)
        const before = await dumpCatalog(database)
        await using open = await services(database)
        const run = await launchRun(open, {
          table: "t",
          by: "d",
          options: { writes: "capture", attach: "manual", batchTargetMs: 10, monthsAhead: 0, monthsBack: 0 },
        })
        await using _ = await worker(open, run.id)
        await waitForStatus(open, run.id, (one) => one.run.state !== "prep")
        const real: Real = { database, open, runId: run.id }
        const model: Model = { phase: "before", isPaused: false, isGateOpen: false }
        await fc.asyncModelRun(() => ({ model, real }), sequence)
        const isAsBefore = model.phase === "aborted" || model.phase === "rolledBack"
        expect(isAsBefore ? await dumpCatalog(database) : before).toEqual(before)
      }),
      { numRuns: runs, seed, interruptAfterTimeLimit: runs * 30_000, markInterruptAsFailure: true },
    )
    console.info(`${ran} commands in ${runs} sequences`)
  },
  runs * 40_000 + 60_000,
)
