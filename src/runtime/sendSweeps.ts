import type { Queryable } from "../postgres/Queryable.ts"
import type { Run } from "../store/runs.ts"
import { type Stripe, isSwept, readStripes } from "../store/stripes.ts"
import type { Services } from "./Services.ts"

/** Sends the jobs of all stripes that are not swept to their end. */
export async function sendSweeps(services: Services, tx: Queryable, run: Run): Promise<void> {
  for (const stripe of await readStripes(tx, run.id)) {
    if (!isSwept(stripe)) await sendSweep(services, tx, run, stripe)
  }
}

export async function sendSweep({ queue }: Services, tx: Queryable, run: Run, stripe: Stripe): Promise<void> {
  await queue.send(tx, {
    runId: run.id,
    task: "sweep",
    partitionId: null,
    stripe: stripe.n,
    epoch: run.epoch,
    tick: stripe.tick,
  })
}
