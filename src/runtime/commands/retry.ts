import { renderTableName } from "../../domain/tableName.ts"
import { CutoverError, nothingChanged } from "../../errors/CutoverError.ts"
import { advancePartition, canAdvance } from "../../machine/advance.ts"
import { resetPartition } from "../../steps/copy/resetPartition.ts"
import { relabels } from "../../steps/relabel/relabels.ts"
import { findPartitionByLabel, readPartitions, savePartitionState } from "../../store/partitions.ts"
import { type Run, readRun } from "../../store/runs.ts"
import type { Services } from "../Services.ts"
import { acrossBreaks } from "../acrossBreaks.ts"
import { carryOutRunEvent } from "../carryOut.ts"
import { passCommand } from "../door.ts"
import { assertOpen, pause } from "./pause.ts"
import { resume } from "./resume.ts"

/** Tries a failed step again, or copies one partition anew. A run under way is paused for the moment that takes. */
export async function retry(
  services: Services,
  runId: string,
  { partition }: { partition: string | null },
): Promise<Run> {
  if (partition !== null) await copyAnew(services, runId, partition)
  return await resume(services, runId)
}

async function copyAnew(services: Services, runId: string, label: string): Promise<void> {
  await assertPossible(services, runId, label)
  await pause(services, runId, { reason: `partition ${label} is copied anew`, forMs: null })
  await passCommand(services, runId, async (tx, run) => {
    assertOpen(run, "retried")
    if (!canAdvance(run.stored, { type: "partition.reset" })) throw tooLate(run)
    const partition = await findPartitionByLabel(tx, runId, label)
    if (partition === undefined) return undefined
    if (partition.state !== "pending") {
      await resetPartition(tx, run, partition)
      await savePartitionState(tx, partition.id, advancePartition(partition.state, { type: "reset" }).state)
    }
    await carryOutRunEvent(services, tx, run, { type: "partition.reset" })
    return undefined
  })
}

/** Asked before the run is paused, so that a refusal leaves it as it was. */
async function assertPossible(services: Services, runId: string, label: string): Promise<void> {
  const { run, labels } = await acrossBreaks(services, async () => ({
    run: await readRun(services.database, runId),
    labels: (await readPartitions(services.database, runId)).map((one) => one.label),
  }))
  assertOpen(run, "retried")
  if (relabels(run)) throw nothingCopied(run)
  if (labels.includes(label)) {
    if (!canAdvance(run.stored, { type: "partition.reset" })) throw tooLate(run)
    return
  }
  throw new CutoverError("CUTOVER_PARTITION_UNKNOWN", {
    message: `Run ${run.id} of ${renderTableName(run.table)} has no partition ${label}.`,
    state: nothingChanged,
    hint: labels.length === 0 ? "Its partitions are not known yet." : `Its partitions are ${labels.join(", ")}.`,
    details: { partition: label },
  })
}

function tooLate(run: Run): CutoverError {
  return new CutoverError("CUTOVER_STEP_NOT_ALLOWED", {
    message: `Run ${run.id} is in ${run.state}; a partition can be copied anew only in copy, validate and attach.`,
    state: `The run is ${run.control}; nothing else was changed.`,
    hint: `Go on with: cutover resume ${run.id}`,
  })
}

/** The history is the table itself: to empty it and fill it again from itself would be the end of it. */
function nothingCopied(run: Run): CutoverError {
  return new CutoverError("CUTOVER_STEP_NOT_ALLOWED", {
    message: `Run ${run.id} of ${renderTableName(run.table)} moves no row (--strategy relabel); no partition can be copied anew.`,
    state: `The run is ${run.control}; nothing was changed.`,
    hint: `Go on with: cutover resume ${run.id}`,
  })
}
