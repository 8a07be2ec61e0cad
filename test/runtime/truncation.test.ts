import { describe, expect, it } from "vitest"
import { openGate } from "../../src/runtime/commands/attach.ts"
import { rollback } from "../../src/runtime/commands/rollback.ts"
import { createDatabase } from "../support/database.ts"
import { contentOf } from "../support/oracle.ts"
import { launchRun, services, waitForStatus, worker } from "../support/runs.ts"

describe("a TRUNCATE of the source at the closed gate", () => {
  it("empties the partitions once: what is written and replayed afterwards stays, and the swap happens", async () => {
    await using database = await createDatabase("truncated")
    await using open = await services(database)
    await database.query(`
      create table t (id int primary key, d date not null);
      insert into t select g, date '2024-01-01' + g % 60 from generate_series(1, 100) g`)
    const run = await launchRun(open, { table: "t", by: "d", options: { writes: "capture", attach: "manual" } })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, (one) => one.run.reason?.includes("gate") === true)
    await database.query(
      "truncate t; insert into t select g, date '2024-01-01' + g % 60 from generate_series(1, 1000) g",
    )
    await waitForStatus(open, run.id, (one) => one.totals.changesPending === 0)
    const content = await contentOf(database, "t")
    await openGate(open, run.id)
    await waitForStatus(open, run.id, (one) => one.run.state === "cleanup" && one.run.control === "waiting", 15_000)
    expect(await contentOf(database, "t")).toEqual(content)
    await rollback(open, run.id, null)
    expect(await contentOf(database, "t")).toEqual(content)
  })
})
