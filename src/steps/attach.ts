import { renderTableName } from "../domain/tableName.ts"
import { CutoverError } from "../errors/CutoverError.ts"
import { readOne, findOne, type Queryable } from "../postgres/Queryable.ts"
import { targetName } from "../domain/derivedNames.ts"
import { join, sql } from "../postgres/sql.ts"
import type { Run } from "../store/runs.ts"
import type { RunEvent } from "../machine/events.ts"
import type { Outcome, RunStep } from "./Step.ts"
import { allKeys, changeLogOf, countKeys } from "../store/changeLog.ts"
import { emptyReverseLog, followsBack, missingCapturesBack } from "./changes/captureBack.ts"
import { replay } from "./changes/replay.ts"
import { addStrayPartitions } from "./changes/strays.ts"
import { vacuumLog } from "./changes/vacuumLog.ts"
import { heedTruncation } from "./changes/truncation.ts"
import { unlessBlocked } from "./locks/unlessBlocked.ts"
import { assertUnchanged } from "./source/assertUnchanged.ts"
import { analyzeParentRoughly } from "./statistics.ts"
import { findObstacle } from "./swap/obstacles.ts"
import { swap } from "./swap/swap.ts"
import { trySwap } from "./swap/trySwap.ts"
import { readTargetPartitions } from "./targetPartitions.ts"

/**
 * Cuts over. Whatever can be done before is done before; then one transaction takes the lock with a short timeout,
 * swaps, and commits together with the state of the run. A missed lock names its blocker and is tried again. At a closed
 * gate the target goes on following the source, so that the swap is near whenever the gate opens.
 */
export const attach: RunStep = async ({ tx, run }) => {
  await assertAllProved(tx, run)
  const made = await followBack(tx, run)
  if (made !== undefined) return made
  if (run.options.writes === "capture") {
    const notYet = await catchUpWithChanges(tx, run)
    if (notYet !== undefined) return notYet
  }
  await analyzeTarget(tx, run)
  return await trySwap(tx, run, { findObstacle, swap })
}

/**
 * Makes what follows writes back, and undefined when it is there. In a transaction of its own: the lock of the swap would be held for as
 * long as these catalog changes take to commit.
 */
async function followBack(tx: Queryable, run: Run): Promise<Outcome<RunEvent> | undefined> {
  const missing = followsBack(run) ? await missingCapturesBack(tx, run, targetName(run.table)) : []
  if (missing.length === 0) return undefined
  return await unlessBlocked(tx, run, {
    what: "the swap",
    oids: [run.sourceOid, ...(await readTargetPartitions(tx, run)).map((one) => one.oid)],
    attempt: 1,
    work: async () => {
      await tx.query(join(missing, ";\n"))
      return { event: { type: "replayed" } }
    },
  })
}

/** So few that the swap can be tried: more arrive on the way to the lock, and are replayed under it. */
const fewChanges = 100

/** Entries of the log that one round replays; one job goes at most so many rounds before it commits. */
const changesPerRound = 20_000
const roundsPerJob = 20

/** Replays right up to the lock, in the transaction that will take it; undefined when only a handful of changes waits. */
async function catchUpWithChanges(tx: Queryable, run: Run): Promise<Outcome<RunEvent> | undefined> {
  await assertUnchanged(tx, run)
  await heedTruncation(tx, run)
  const strays = await addStrayPartitions(tx, run)
  if (strays > 0) return { event: { type: "partition.reset" }, facts: { newPartitions: strays } }
  const startedAt = performance.now()
  const first = await countKeys(tx, changeLogOf(run), allKeys)
  let taken = 0
  for (let waiting = first, round = 0; ; round++) {
    if (waiting <= fewChanges) return taken > changesPerRound ? afterMuch(run) : undefined
    if (taken > 3 * changesPerRound || round === roundsPerJob)
      return await tooMany(tx, run, { first, taken, elapsedMs: performance.now() - startedAt })
    await replay(tx, run, targetName(run.table), { limit: changesPerRound })
    if (followsBack(run)) await emptyReverseLog(tx, run)
    taken += Math.min(waiting, changesPerRound)
    waiting = await countKeys(tx, changeLogOf(run), changesPerRound)
  }
}

/** Commits what was much to replay, and vacuums the log, before the lock is tried: both would take their time under it. */
function afterMuch(run: Run): Outcome<RunEvent> {
  return { event: { type: "replayed" }, afterCommit: async (db) => await vacuumLog(db, changeLogOf(run)) }
}

/** What a job has replayed of the changes that waited first. */
type Caught = { readonly first: number; readonly taken: number; readonly elapsedMs: number }

/** Fewer than before: on to the next job. Not fewer: the swap would never come, so both rates are said, and it waits. */
async function tooMany(tx: Queryable, run: Run, { first, taken, elapsedMs }: Caught): Promise<Outcome<RunEvent>> {
  const waiting = await countKeys(tx, changeLogOf(run), allKeys)
  // What is taken of a large backlog may be less than a tenth of it.
  if (waiting < 0.9 * first || waiting <= first - taken / 2) return afterMuch(run)
  const replayed = Math.round((taken * 1000) / elapsedMs)
  const arriving = Math.round(((waiting - first + taken) * 1000) / elapsedMs)
  const reason = `changes arrive at ${arriving}/s and are replayed at ${replayed}/s; the swap waits until fewer arrive`
  return { event: { type: "blocked", reason, retryMs: 1_000 }, facts: { arriving, replayed, waiting } }
}

/** Autovacuum never analyzes a partitioned parent; without statistics the first plans after the swap would be poor. */
async function analyzeTarget(tx: Queryable, run: Run): Promise<void> {
  const target = await findOne<{ never: boolean }>(
    tx,
    sql`select reltuples < 0 as never from pg_class where oid = ${run.targetOid}`,
  )
  if (target?.never === true) await analyzeParentRoughly(tx, targetName(run.table))
}

/**
 * Each month was compared by itself. Where writes are refused, together they must be all the rows that the survey saw in
 * the whole heap.
 */
async function assertAllProved(tx: Queryable, run: Run): Promise<void> {
  const counted = await readOne<{ surveyed: string; validated: string; unequal: number }>(
    tx,
    sql`
    select coalesce(sum(rows_estimated), 0)::text as surveyed,
           coalesce(sum(target_rows), 0)::text as validated,
           count(*) filter (where equal is not true)::int as unequal
    from cutover.partitions
    where run_id = ${run.id}`,
  )
  const isComplete = run.options.writes === "capture" || counted.surveyed === counted.validated
  if (counted.unequal === 0 && isComplete) return
  throw new CutoverError("CUTOVER_DIFFERENT", {
    message: `${renderTableName(run.table)} holds ${counted.surveyed} rows, and ${counted.validated} were copied and compared; ${counted.unequal} partitions are not proved equal.`,
    state: "The swap was not tried; the application still uses the source, which is complete.",
    hint: `Copy again what differs: cutover retry ${run.id} --partition <label>`,
    details: counted,
  })
}
