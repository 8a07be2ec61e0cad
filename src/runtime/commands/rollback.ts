import { legacyName } from "../../domain/derivedNames.ts"
import { renderTableName } from "../../domain/tableName.ts"
import { CutoverError, nothingChanged } from "../../errors/CutoverError.ts"
import { canAdvance } from "../../machine/advance.ts"
import { withTransaction } from "../../postgres/transaction.ts"
import { followsBack } from "../../steps/changes/captureBack.ts"
import { countUnheld, readUnheld } from "../../steps/changes/replayBack.ts"
import { follow } from "../../steps/changes/follow.ts"
import { readBlockers, renderBlockers } from "../../steps/locks/blockers.ts"
import { limitLocks } from "../../steps/locks/limitLocks.ts"
import { letVacuumStepAside } from "../../steps/locks/stepAside.ts"
import { readTied } from "../../steps/locks/tied.ts"
import { relabels } from "../../steps/relabel/relabels.ts"
import { swapBackHistory } from "../../steps/relabel/swapBackHistory.ts"
import type { Swapped } from "../../steps/swap/swap.ts"
import { swapBack } from "../../steps/swap/swapBack.ts"
import { allKeys, countKeys, hasLog, reverseLogOf } from "../../store/changeLog.ts"
import { type Run, readRun } from "../../store/runs.ts"
import type { Services } from "../Services.ts"
import { acrossBreaks, findEnded, lookUp } from "../acrossBreaks.ts"
import { passCommand } from "../door.ts"
import { withLockRetries } from "../withLockRetries.ts"
import { stop } from "./pause.ts"
import { resume } from "./resume.ts"

export type RolledBack = { readonly run: Run; readonly lockHeldMs: number }

/**
 * After the swap: lets the legacy table catch up with every write made since, and swaps back. Where it cannot, or writers
 * outrun it, the run goes on as it was; so it does when somebody resumes the run meanwhile. What is left, dropping the
 * partitioned table, is a job.
 */
export async function rollback(services: Services, runId: string, reason: string | null): Promise<RolledBack> {
  const before = await acrossBreaks(services, async () => {
    const run = await readRun(services.database, runId)
    await assertWayBack(services, run)
    return run
  })
  const stopping = { reason: "it is being rolled back; resume it to stop that", forMs: null }
  const isOurs = await stop(services, runId, stopping, async (now) => await assertWayBack(services, now))
  try {
    let swapped: Swapped | undefined
    const exchange = async (): Promise<Run> => {
      if (!relabels(before)) await acrossBreaks(services, () => catchUp(services, runId))
      return await passCommand(services, runId, async (tx, now) => {
        await assertWayBack(services, now)
        assertStillStopped(now)
        await letVacuumStepAside(tx, now, await readTied(tx, now.targetOid ?? 0))
        await limitLocks(tx, now)
        swapped = relabels(now) ? await swapBackHistory(tx, now) : await swapBack(tx, now)
        return { event: { type: "rolled.back" }, facts: { ...swapped.facts, reason } }
      })
    }
    const blockers = async (): Promise<string> =>
      renderBlockers(
        await acrossBreaks(services, async () =>
          readBlockers(services.database, await readTied(services.database, before.targetOid ?? 0)),
        ),
      )
    const run = await lookUp(
      async () => await withLockRetries(exchange, blockers),
      async () => await findEnded(services, runId, "rolledBack"),
    )
    return { run, lockHeldMs: performance.now() - (swapped?.lockedAt ?? 0) }
  } catch (error) {
    if (isOurs) await resume(services, runId)
    throw error
  }
}

/**
 * After so many rounds, of 20,000 changes each, at least half of what they took must be gone: else the writers are about as fast
 * as we, and the moment for the swap would hardly come.
 */
const roundsToGain = 10

/** Round after round, each committed, until what is left is little enough for the lock. */
async function catchUp(services: Services, runId: string): Promise<void> {
  const run = await readRun(services.database, runId)
  let since = await beginPace(services, run)
  for (let round = 1; ; round++) {
    const { isUpToDate, taken } = await withTransaction(services.database, async (tx) => await follow(tx, run))
    if (isUpToDate) break
    since.taken += taken
    const now = await readRun(services.database, runId)
    await assertWayBack(services, now)
    assertStillStopped(now)
    if (round % roundsToGain !== 0) continue
    const next = await beginPace(services, run)
    if (next.waiting > since.waiting - since.taken / 2) throw outrun(run, since, next)
    since = next
  }
  await assertHeld(services, run)
}

/** So often the rows that do not fit are tried again, before they count as such. */
const looksAtUnheld = 5

/** A row that was moved there and back between two statements of a round is noted with it, and taken off with the next. */
async function assertHeld({ database }: Services, run: Run): Promise<void> {
  for (let look = 1; ; look++) {
    const unheld = await countUnheld(database, run)
    if (unheld === 0) return
    if (look === looksAtUnheld) throw doesNotFit(run, unheld, await readUnheld(database, run, 5))
    await withTransaction(database, async (tx) => await follow(tx, run))
  }
}

/** How many changes waited at a moment, and how many were taken since. */
type Pace = { readonly at: number; readonly waiting: number; taken: number }

async function beginPace(services: Services, run: Run): Promise<Pace> {
  return { at: performance.now(), waiting: await countKeys(services.database, reverseLogOf(run), allKeys), taken: 0 }
}

function outrun(run: Run, since: Pace, now: Pace): CutoverError {
  const perSecond = (changes: number): number => Math.round((changes * 1000) / (now.at - since.at))
  const arriving = perSecond(now.waiting - since.waiting + since.taken)
  const replayed = perSecond(since.taken)
  return new CutoverError("CUTOVER_ROLLBACK_OUTRUN", {
    message: `Changes arrive at ${arriving}/s and are replayed at ${replayed}/s, so ${renderTableName(legacyName(run.table))} does not catch up; ${now.waiting} wait.`,
    state: "Nothing was swapped; the run goes on as it was, and the legacy table goes on following.",
    hint: `When fewer changes arrive, call it again: cutover rollback ${run.id}`,
    details: { arriving, replayed, waiting: now.waiting },
  })
}

/** Whoever resumes the run has it go on, and not back. */
function assertStillStopped(run: Run): void {
  if (run.control === "paused" || run.control === "halted") return
  throw new CutoverError("CUTOVER_STEP_NOT_ALLOWED", {
    message: `Run ${run.id} of ${renderTableName(run.table)} was resumed while it was being rolled back.`,
    state: "Nothing was swapped; the run goes on.",
    hint: `To go back all the same: cutover rollback ${run.id}`,
    details: { run: run.id, control: run.control },
  })
}

async function assertWayBack(services: Services, run: Run): Promise<void> {
  const name = renderTableName(run.table)
  if (run.finishedAt !== null || !canAdvance(run.stored, { type: "rolled.back" })) {
    const isEarly = run.swappedAt === null && run.finishedAt === null
    throw new CutoverError("CUTOVER_STEP_NOT_ALLOWED", {
      message: `Run ${run.id} of ${name} is in ${run.state}; a rollback is for the time between the swap and the cleanup.`,
      state: nothingChanged,
      hint: isEarly
        ? `Before the swap, end it with: cutover abort ${run.id} --confirm ${name}`
        : `See what it did: cutover status ${run.id}`,
    })
  }
  if (relabels(run)) return
  if (followsBack(run) && (await hasLog(services.database, reverseLogOf(run)))) return
  throw new CutoverError("CUTOVER_NO_WAY_BACK", {
    message: `Run ${run.id} of ${name} keeps no way back: it was launched with --fallback-window 0, or ${name} has no key that names its rows, or a deferrable one.`,
    state: nothingChanged,
    hint: `${renderTableName(legacyName(run.table))} is as it was at the swap; what was written since is in ${name} alone.`,
  })
}

function doesNotFit(run: Run, unheld: number, examples: readonly Record<string, string>[]): CutoverError {
  const legacy = renderTableName(legacyName(run.table))
  const shown = examples.map((key) =>
    Object.entries(key)
      .map(([column, value]) => `${column} ${value}`)
      .join(", "),
  )
  return new CutoverError("CUTOVER_ROLLBACK_UNHELD", {
    message: `${unheld} rows of ${renderTableName(run.table)} do not fit into ${legacy}, whose keys are stricter: ${shown.join("; ")}${unheld > examples.length ? "; …" : ""}.`,
    state: "Nothing was swapped; the run goes on as it was.",
    hint: `For each of them another row has the same key; delete or change one of the two, and roll back again.`,
    details: { unheld, examples },
  })
}
