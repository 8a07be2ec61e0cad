import { renderTableName } from "../domain/tableName.ts"
import { CutoverError, type ErrorDocument } from "../errors/CutoverError.ts"
import { advancePartition, advanceRun } from "../machine/advance.ts"
import type { RunEffect } from "../machine/effects.ts"
import type { PartitionEvent, RunEvent } from "../machine/events.ts"
import { taskOfState } from "../machine/partitionMachine.ts"
import type { Queryable } from "../postgres/Queryable.ts"
import { lanesOf } from "../steps/throttle/lanes.ts"
import type { Differences } from "../steps/validate/narrow.ts"
import { appendRecord } from "../store/log.ts"
import { type Partition, countLeft, readPartitions, savePartitionState } from "../store/partitions.ts"
import { type Run, saveAdvanced, saveFinished } from "../store/runs.ts"
import type { Services } from "./Services.ts"
import { tellToStop, wake } from "./Queue.ts"
import { sendSweeps } from "./sendSweeps.ts"

export type Facts = Readonly<Record<string, unknown>>

/** Takes the run to its next state and carries out what that asks for, all in the caller's transaction, which holds the run's lock. */
export async function carryOutRunEvent(
  services: Services,
  tx: Queryable,
  run: Run,
  event: RunEvent,
  { facts = {}, retries = 0 }: { facts?: Facts | undefined; retries?: number } = {},
): Promise<void> {
  const next = advanceRun(run.stored, event)
  const advanced = await saveAdvanced(tx, run, next, { retries })
  for (const effect of next.effects) await carryOutEffect(services, tx, advanced, effect, facts)
  if (next.control === run.control) return
  await (isStopped(next) ? tellToStop(tx, run.id) : wake(tx))
}

/** `isFollowed`: what comes next was done already, in the same job. */
type PartitionPassage = {
  readonly facts?: Facts | undefined
  readonly retries?: number
  readonly isFollowed?: boolean
}

/** The same for an event of one partition; what it means to the run follows. */
export async function carryOutPartitionEvent(
  services: Services,
  tx: Queryable,
  run: Run,
  partition: Partition,
  event: PartitionEvent,
  { facts = {}, retries = 0, isFollowed = false }: PartitionPassage = {},
): Promise<void> {
  await movePartition(services, tx, run, partition, event, { facts, isFollowed })
  const runEvent = await meaningForRun(tx, run, partition, event, facts)
  if (runEvent !== undefined) await carryOutRunEvent(services, tx, run, runEvent, { facts: {}, retries })
}

async function carryOutEffect(
  services: Services,
  tx: Queryable,
  run: Run,
  effect: RunEffect,
  facts: Facts,
): Promise<void> {
  switch (effect.type) {
    case "schedule":
      return await services.queue.send(
        tx,
        { runId: run.id, task: effect.task, partitionId: null, epoch: run.epoch, tick: run.tick },
        effect.delayMs,
      )
    case "sweep":
      return await sendSweeps(services, tx, run)
    case "rejoin":
      return await rejoin(services, tx, run)
    case "fillLanes":
      return await fillLanes(services, tx, run)
    case "record":
      return await appendRecord(tx, {
        runId: run.id,
        kind: effect.kind,
        actor: services.actor,
        data: { ...effect.data, ...facts },
      })
    case "finish":
      return await saveFinished(tx, run.id)
  }
}

/** Begins partitions, those to be validated first, until as many are busy as may be at once. */
export async function fillLanes(services: Services, tx: Queryable, run: Run): Promise<void> {
  const partitions = await readPartitions(tx, run.id)
  const busy = partitions.filter(isBusy).length
  const waiting = [
    // After a sweep they are all compared at once.
    ...partitions.filter((one) => one.state === "copied" && run.strategy !== "sweep"),
    ...partitions.filter((one) => one.state === "pending"),
  ]
  for (const partition of waiting.slice(0, Math.max(0, lanesOf(run.options) - busy))) {
    await movePartition(services, tx, run, partition, { type: "begin", isLoaded: partition.isLoaded }, {})
  }
}

/** Sends the jobs of partitions that were left in the middle of their work. */
async function rejoin(services: Services, tx: Queryable, run: Run): Promise<void> {
  for (const partition of (await readPartitions(tx, run.id)).filter(isBusy))
    await sendTask(services, tx, run, partition)
}

export async function movePartition(
  services: Services,
  tx: Queryable,
  run: Run,
  partition: Partition,
  event: PartitionEvent,
  { facts = {}, isFollowed = false }: PartitionPassage,
): Promise<void> {
  const next = advancePartition(partition.state, event)
  const copied = await savePartitionState(tx, partition.id, next.state)
  const moved = { ...partition, state: next.state, tick: partition.tick + 1 }
  for (const effect of next.effects) {
    if (effect.type === "schedule") {
      if (!isFollowed) await sendTask(services, tx, run, moved)
    } else {
      const data = effect.kind === "partition.copied" ? { ...copied, ...facts } : facts
      await appendRecord(tx, {
        runId: run.id,
        kind: effect.kind,
        partition: partition.label,
        actor: services.actor,
        data,
      })
    }
  }
}

async function sendTask(services: Services, tx: Queryable, run: Run, partition: Partition): Promise<void> {
  const task = taskOfState[partition.state]
  if (task === undefined || isStopped(run)) return
  await services.queue.send(tx, {
    runId: run.id,
    task,
    partitionId: partition.id,
    epoch: run.epoch,
    tick: partition.tick,
  })
}

async function meaningForRun(
  tx: Queryable,
  run: Run,
  partition: Partition,
  event: PartitionEvent,
  facts: Facts,
): Promise<RunEvent | undefined> {
  if (event.type === "caught.up")
    return { type: "partition.copied", left: (await countLeft(tx, run.id)).toCopy, sweeps: run.strategy === "sweep" }
  if (event.type === "validated") return { type: "partition.validated", left: (await countLeft(tx, run.id)).toValidate }
  if (event.type === "differed") return { type: "partition.differed", error: difference(run, partition, facts) }
  return undefined
}

export function difference(run: Run, partition: Partition, facts: Facts): ErrorDocument {
  return new CutoverError("CUTOVER_DIFFERENT", {
    message: `Partition ${partition.label} of ${renderTableName(run.table)} differs: ${String(facts.sourceRows)} rows in the source, ${String(facts.targetRows)} in the target${rowsOf(facts.differences)}.`,
    state: "The run stopped before the swap; the application still uses the source, which is complete.",
    hint: `Copy the month again: cutover retry ${run.id} --partition ${partition.label}`,
    details: { partition: partition.label, ...facts },
  }).toDocument()
}

/** In which rows they differ, as far as that was found out. */
function rowsOf(differences: unknown): string {
  if (differences === undefined) return ""
  const { missing, extra, changed, examples } = differences as Differences
  const first = examples.slice(0, 3).map((one) => `${one.kind} ${one.key}`)
  return `; ${missing} missing, ${extra} extra, ${changed} changed: ${first.join("; ")}${missing + extra + changed > first.length ? "; …" : ""}`
}

function isBusy(partition: Partition): boolean {
  return taskOfState[partition.state] !== undefined
}

function isStopped(run: Pick<Run, "control">): boolean {
  return run.control === "paused" || run.control === "halted"
}
