import type { Queryable } from "../postgres/Queryable.ts"
import type { Compared } from "../steps/Step.ts"
import { countLeft } from "../store/partitions.ts"
import type { Run } from "../store/runs.ts"
import { isSwept, readStripe, readStripes } from "../store/stripes.ts"
import type { Services } from "./Services.ts"
import { carryOutRunEvent, difference, movePartition } from "./carryOut.ts"
import { sendSweep } from "./sendSweeps.ts"

/** After a batch of a stripe: on with it, or, when it was the last of them all, on with the run. */
export async function carryOutSwept(services: Services, tx: Queryable, run: Run, n: number): Promise<void> {
  const stripe = await readStripe(tx, run.id, n)
  const isStopped = run.control === "paused" || run.control === "halted"
  if (!isSwept(stripe)) {
    if (!isStopped) await sendSweep(services, tx, run, stripe)
    return
  }
  if ((await readStripes(tx, run.id)).every(isSwept)) await carryOutRunEvent(services, tx, run, { type: "swept" })
}

/** What the comparison of all partitions means to each, and to the run: it goes on when all are equal, and halts at the first that is not. */
export async function carryOutCompared(
  services: Services,
  tx: Queryable,
  run: Run,
  compared: readonly Compared[],
): Promise<void> {
  for (const { partition, equal, facts = {} } of compared) {
    if (equal && partition.state === "copied")
      await movePartition(services, tx, run, partition, { type: "compared" }, { facts })
  }
  const [first] = compared.filter((one) => !one.equal)
  const event =
    first === undefined
      ? ({ type: "partition.validated", left: (await countLeft(tx, run.id)).toValidate } as const)
      : ({ type: "partition.differed", error: difference(run, first.partition, first.facts ?? {}) } as const)
  await carryOutRunEvent(services, tx, run, event)
}
