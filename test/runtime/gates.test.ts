import { describe, expect, it } from "vitest"
import { openGate } from "../../src/runtime/commands/attach.ts"
import { readRecords } from "../../src/store/log.ts"
import type { Status } from "../../src/domain/status.ts"
import type { OpenServices } from "../../src/runtime/openServices.ts"
import { createDatabase } from "../support/database.ts"
import { isQuiet, launchRun, services, waitForStatus, workUntil, worker } from "../support/runs.ts"
import { createTruth, differencesFromTruth } from "../support/writers.ts"

const capture = { writes: "capture", batchTargetMs: 50, monthsAhead: 0, monthsBack: 0 } as const

describe("a gate", () => {
  it("that a person opens: the run waits ready, says how ready, and follows the source meanwhile", async () => {
    await using database = await createDatabase("gate")
    await using open = await services(database)
    await createTruth(database, 3_000, 59)
    const run = await launchRun(open, { table: "t", by: "d", options: { ...capture, attach: "manual" } })
    await using _ = await worker(open, run.id)
    const ready = await waitForStatus(open, run.id, (one) => one.run.reason?.includes("open the gate") === true)
    expect(ready.run).toMatchObject({ state: "attach", control: "waiting" })
    expect(ready.run.reason).toMatch(/ready to attach: (\d+) of \1 partitions proved equal, 0 changes wait/)
    await database.query("update t set amount = 1 where id <= 500; update truth set amount = 1 where id <= 500")
    await waitForStatus(open, run.id, (one) => one.totals.changesPending !== 0)
    await waitForStatus(open, run.id, (one) => one.totals.changesPending === 0)
    expect((await waitForStatus(open, run.id, () => true)).attach.swappedAt).toBeNull()
    await openGate(open, run.id)
    await waitForStatus(open, run.id, (one) => one.run.state === "cleanup")
    expect(await differencesFromTruth(database)).toEqual({ lost: 0, extra: 0 })
  })

  it("of hours: outside of them the run waits and says until when, within them it swaps", async () => {
    await using database = await createDatabase("hours")
    await using open = await services(database)
    await createTruth(database, 1_000, 59)
    const [clock] = await database.query<{ hour: number }>(
      "select extract(hour from now() at time zone 'UTC')::int as hour",
    )
    const minutes = (clock?.hour ?? 0) * 60
    const later = { from: (minutes + 180) % 1440, to: (minutes + 240) % 1440 }
    const now = { from: (minutes + 1380) % 1440, to: (minutes + 120) % 1440 }
    const run = await launchRun(open, { table: "t", by: "d", options: { ...capture, attachWindow: later } })
    await using _ = await worker(open, run.id)
    const waiting = await waitForStatus(open, run.id, (one) => one.run.reason?.includes("waits for its hours") === true)
    expect(waiting.run).toMatchObject({ state: "attach", control: "waiting" })
    expect(waiting.attach.swappedAt).toBeNull()
    await database.query("update cutover.runs set options = options || jsonb_build_object('attachWindow', $1::jsonb)", [
      JSON.stringify(now),
    ])
    await waitForStatus(open, run.id, (one) => one.run.state === "cleanup")
  })
})

const isOutrun = (one: Status): boolean => one.run.reason?.includes("changes arrive at") === true

describe("writes that come faster than they can be replayed", () => {
  it("are said with both rates; the swap waits, and comes when they ebb", async () => {
    await using database = await createDatabase("flood")
    await using open = await services(database)
    await createTruth(database, 3_000, 59)
    const run = await launchRun(open, { table: "t", by: "d", options: { ...capture, attach: "manual" } })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, (one) => one.run.reason?.includes("open the gate") === true)
    const log = `cutover.changes_${run.id.toLowerCase()}`
    await database.query("update t set amount = 2 where id <= 300; update truth set amount = 2 where id <= 300")
    // As many keys come into the log as a round takes out of it.
    await database.query(`
      create table more as select id, d from t where id <= 100;
      create function refill() returns trigger language plpgsql as $$
      begin
        update public.t set amount = amount from public.more where t.id = more.id;
        insert into ${log} select one.* from (select * from ${log} limit 100) one, generate_series(1, 300);
        return null;
      end $$;
      create trigger refill after delete on ${log} for each statement execute function refill();
      update t set amount = 2 where id <= 100`)
    await openGate(open, run.id)
    const flooded = await waitForStatus(open, run.id, isOutrun)
    expect(flooded.run.reason).toMatch(/changes arrive at \d+\/s and are replayed at \d+\/s/)
    expect(flooded.run.control).toBe("waiting")
    expect(flooded.attach.swappedAt).toBeNull()
    expect(await missedFor(open, run.id)).toContainEqual(expect.stringContaining("changes arrive"))
    await database.query(`drop trigger refill on ${log}`)
    expect((await waitForStatus(open, run.id, isQuiet)).run).toMatchObject({ state: "cleanup", error: null })
    expect(await differencesFromTruth(database)).toEqual({ lost: 0, extra: 0 })
  })
})

describe("a backlog of more than a million changes", () => {
  it("that nobody adds to is replayed at once, and is not taken for one that grows", { timeout: 180_000 }, async () => {
    await using database = await createDatabase("backlog")
    await using open = await services(database)
    await createTruth(database, 1_000, 59)
    const run = await launchRun(open, { table: "t", by: "d", options: { ...capture, attach: "manual" } })
    await workUntil(open, run.id, (one) => one.run.reason?.includes("open the gate") === true)
    const log = `cutover.changes_${run.id.toLowerCase()}`
    await database.query("update t set amount = 2 where id <= 100; update truth set amount = 2 where id <= 100")
    await database.query(`insert into ${log} select one.* from ${log} one, generate_series(1, 6000)`)
    await openGate(open, run.id)
    await workUntil(open, run.id, (one) => one.run.state === "cleanup" || isOutrun(one))
    // On a busy machine it may be that the log is slow to read until it is vacuumed, which is another reason.
    expect(await missedFor(open, run.id)).not.toContainEqual(expect.stringContaining("changes arrive"))
    expect(await differencesFromTruth(database)).toEqual({ lost: 0, extra: 0 })
  })
})

/** Why attempts at the swap were missed, as the log of the run says. */
async function missedFor(open: OpenServices, runId: string): Promise<unknown[]> {
  const records = await readRecords(open.database, runId, 0)
  return records.filter((one) => one.kind === "attach.attempted").map((one) => one.data["reason"])
}
