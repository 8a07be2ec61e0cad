import { createDatabase } from "../../test/support/database.ts"
import { launchRun, services, waitForStatus, worker } from "../../test/support/runs.ts"
import { createTruth, startWriters } from "../../test/support/writers.ts"
import type { Scenario } from "../Scenario.ts"
import { judge } from "../judge.ts"

/** How long the reader keeps its transaction open, and what a client may wait then: the lock timeout and a little. */
const readsForMs = { quick: 5_000, usual: 30_000, full: 30_000 }
const mostWaitMs = 150

/** How soon the swap has to come once the reader has gone. */
const swapWithinMs = 2_000

/** A reader that stays in the way of the swap: clients wait a lock timeout at most, and the swap comes right after it. */
export const reader: Scenario = {
  id: "D5",
  name: "reader",
  says: "a reader in the way of the swap for 30 s: clients hardly wait, and the swap comes right after it ends",
  seeds: { quick: 1, usual: 3, full: 3 },
  run: async (server, seed, { rows, size }) => {
    await using database = await createDatabase("torture", server.url)
    await using open = await services(database)
    await createTruth(database, rows)
    const run = await launchRun(open, { table: "t", by: "d", options: { writes: "capture", attach: "auto" } })
    const client = await database.pool.connect()
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, (one) => one.totals.copied >= 1)
    await client.query("begin; select count(*) from t")
    await waitForStatus(open, run.id, (one) => one.run.state === "attach" && one.run.control === "waiting")
    await using writers = await startWriters(database, rows, seed)
    await new Promise((resolve) => setTimeout(resolve, readsForMs[size]))
    const attempts = (await waitForStatus(open, run.id, () => true)).attach.attempts
    const { waits } = writers.sofar()
    await client.query("commit")
    const endedAt = performance.now()
    client.release()
    const status = await waitForStatus(open, run.id, (one) => one.attach.swappedAt !== null)
    const afterMs = performance.now() - endedAt
    const sorted = waits.toSorted((a, b) => a - b)
    const p99 = sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN
    const round = await judge(database, await writers.stop(), {
      wanted: null,
      status,
      ms: { clientP99: p99, clientLongest: sorted.at(-1) ?? 0, swappedAfterReader: afterMs },
    })
    return {
      ...round,
      counts: { ...round.counts, attempts },
      failures: [
        ...round.failures,
        ...(p99 <= mostWaitMs ? [] : [`p99 of a client's transaction is ${Math.round(p99)} ms`]),
        ...(afterMs <= swapWithinMs ? [] : [`the swap came ${Math.round(afterMs)} ms after the reader`]),
      ],
    }
  },
}
