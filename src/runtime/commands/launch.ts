import { firstBatchBlocks } from "../../domain/pace.ts"
import { ulid } from "ulid"
import type { RunOptions } from "../../config/runOptions.ts"
import { type TableName, renderTableName } from "../../domain/tableName.ts"
import { CutoverError, nothingChanged } from "../../errors/CutoverError.ts"
import { beginRun } from "../../machine/advance.ts"
import { sqlState } from "../../postgres/classify.ts"
import { withTransaction } from "../../postgres/transaction.ts"
import { assertNothingBlocks, preflight } from "../../steps/preflight/preflight.ts"
import { resolveSource } from "../../steps/preflight/resolveSource.ts"
import { relabels } from "../../steps/relabel/relabels.ts"
import { lanesByCores } from "../../steps/throttle/lanes.ts"
import { ensureInstalled, isInstalled } from "../../store/install.ts"
import { appendRecord } from "../../store/log.ts"
import { type NewRun, type Run, findOpenRunOf, findRunById, insertRun, readRun } from "../../store/runs.ts"
import type { Services } from "../Services.ts"
import { acrossBreaks, lookUp } from "../acrossBreaks.ts"
import { checkLadder } from "../ladder.ts"

export type LaunchRequest = {
  readonly table: TableName
  /** The column that decides the partition. */
  readonly by: string
  readonly options: RunOptions
  /** Whether the opt-in variable is set, or none was asked for. */
  readonly isOptedIn: boolean
}

/** Looks before it leaps: refuses with nothing changed, or writes the run's first row and its first job. */
export async function launch(services: Services, request: LaunchRequest): Promise<Run> {
  const { database, queue, actor } = services
  const { source, key, parallel } = await acrossBreaks(services, () => prepare(services, request))
  const run: NewRun = {
    id: ulid(),
    sourceOid: source.oid,
    table: request.table,
    key,
    options: { ...request.options, parallel, isOptedIn: request.isOptedIn },
    batchBlocks: firstBatchBlocks,
    launchedBy: actor,
  }
  await acrossBreaks(services, () => queue.ensureRunQueue(run.id))
  try {
    return await lookUp(
      async () => await acrossBreaks(services, () => begin(services, run)),
      async () => await acrossBreaks(services, () => findRunById(database, run.id)),
    )
  } catch (error) {
    await forgetQueue(services, run.id)
    if (sqlState(error) !== "23505") throw error
    await assertNoOpenRun(services, request.table, source.oid)
    throw error
  }
}

type Prepared = Awaited<ReturnType<typeof resolveSource>> & { readonly parallel: number }

/** Refuses what cannot be, and makes sure of our schema. */
async function prepare(services: Services, { table, by, options }: LaunchRequest): Promise<Prepared> {
  const { database } = services
  const { source, key } = await resolveSource(database, table, by)
  await assertNoOpenRun(services, table, source.oid)
  const findings = await preflight({ db: database, table, source, key, options })
  assertNothingBlocks([...findings, ...(await checkLadder(database, options))])
  await ensureInstalled(database)
  return { source, key, parallel: options.parallel ?? (await lanesByCores(database)) }
}

/** Unless the run was committed after all. Where nobody can be asked it stays: an empty queue is in nobody's way. */
async function forgetQueue({ database, queue }: Services, runId: string): Promise<void> {
  const found = await findRunById(database, runId).catch(() => runId)
  if (found === undefined) await queue.deleteRunQueue(runId)
}

async function begin(services: Services, run: NewRun): Promise<Run> {
  return await withTransaction(services.database, async (tx) => {
    const begun = beginRun()
    await insertRun(tx, run, begun)
    const { options, key } = run
    await appendRecord(tx, {
      runId: run.id,
      kind: "run.launched",
      actor: services.actor,
      data: { by: key.column, options },
    })
    for (const effect of begun.effects) {
      if (effect.type !== "schedule") throw new Error(`a run begins with work, not with ${effect.type}`)
      await services.queue.send(tx, {
        runId: run.id,
        task: effect.task,
        partitionId: null,
        epoch: begun.context.epoch,
        tick: 0,
      })
    }
    return await readRun(tx, run.id)
  })
}

async function assertNoOpenRun(services: Services, table: TableName, sourceOid: number): Promise<void> {
  if (!(await isInstalled(services.database))) return
  const open = await findOpenRunOf(services.database, sourceOid)
  // A relabelled table is the partition by now: what that means for a split is said by `checkPlace`.
  if (open === undefined || (relabels(open) && open.swappedAt !== null)) return
  throw new CutoverError("CUTOVER_RUN_OPEN", {
    message: `Run ${open.id} of ${renderTableName(table)} is open: ${open.state}, ${open.control}.`,
    state: nothingChanged,
    hint: `Watch it with: cutover status ${open.id} --watch. Go on with: cutover resume ${open.id}. End it with: cutover abort ${open.id} --confirm ${renderTableName(table)}`,
    details: { run: open.id, state: open.state, control: open.control },
  })
}
