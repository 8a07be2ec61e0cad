import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { rollback } from "../../src/runtime/commands/rollback.ts"
import { resume } from "../../src/runtime/commands/resume.ts"
import { readRecords } from "../../src/store/log.ts"
import { readStatus } from "../../src/store/status.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { catalogOf, contentOf } from "../support/oracle.ts"
import { randomOf } from "../support/random.ts"
import {
  launchAndWork,
  launchRun,
  services,
  waitForStatus,
  workUntil,
  workUntilQuiet,
  worker,
} from "../support/runs.ts"
import { FaultProxy } from "../support/wire/faultProxy.ts"
import { createTruth, differencesFromTruth, startWriters } from "../support/writers.ts"

const capture = { writes: "capture", batchTargetMs: 50 } as const

const same = { lost: 0, extra: 0 }

const signal = (): PromiseWithResolvers<void> => Promise.withResolvers<void>()

const locksRun = ({ text }: { readonly text: string }): boolean => text.includes("for no key update")

/** What belongs to the table, and not to us. */
async function catalogOfTable(database: TestDatabase): Promise<string[]> {
  return (await catalogOf(database)).filter((line) => !line.includes("cutover"))
}

/** As many keys come into the log as a round takes out of it. */
async function outrun(database: TestDatabase, runId: string): Promise<{ readonly stop: () => Promise<unknown> }> {
  const log = `cutover.reverse_${runId.toLowerCase()}`
  await database.query("update t set note = 'again' where id % 10 = 0")
  await database.query(`
    create table more as select * from ${log} limit 100;
    insert into ${log} select more.* from more, generate_series(1, 250);
    create function refill() returns trigger language plpgsql as $$
    begin
      insert into ${log} select public.more.* from public.more, generate_series(1, 250);
      return null;
    end $$;
    create trigger refill after delete on ${log} for each statement execute function refill()`)
  return { stop: () => database.query(`drop trigger refill on ${log}`) }
}

describe("a rollback", () => {
  it("under writers loses none of their writes, before and after, and leaves the catalog as it was", async () => {
    const { seed } = randomOf(process.env.CUTOVER_TEST_SEED)
    const rows = 20_000
    await using database = await createDatabase("rollback")
    await using open = await services(database)
    await createTruth(database, rows)
    const before = await catalogOfTable(database)
    await using writers = await startWriters(database, rows, seed)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, (status) => status.run.state === "cleanup")
    await sleep(1_500)
    const { lockHeldMs } = await rollback(open, run.id, "test")
    const status = await waitForStatus(open, run.id, (one) => one.run.finishedAt !== null)
    await sleep(300)
    const report = await writers.stop()
    expect(report.errors, `seed ${seed}`).toEqual([])
    expect(await differencesFromTruth(database), `seed ${seed}, ${report.transactions} transactions`).toEqual(same)
    expect(status.run).toMatchObject({ state: "rolledBack", control: "running", error: null })
    expect(status.attach.legacyTable).toBeNull()
    expect(lockHeldMs).toBeGreaterThan(0)
    expect(await catalogOfTable(database)).toEqual(before)
    expect((await readRecords(open.database, run.id, 0)).map((one) => one.kind)).toContain("rollback.completed")
    // And the table can be cut over again.
    expect((await launchAndWork(open, { table: "t", by: "d", options: capture })).run.state).toBe("cleanup")
    expect(await differencesFromTruth(database)).toEqual(same)
  })

  it("brings back what happened to whole partitions: truncated, detached, attached with rows", async () => {
    await using database = await createDatabase("partitions")
    await using open = await services(database)
    await createTruth(database, 3_000)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    await workUntilQuiet(open, run.id)
    await database.query("truncate t_2024_03; alter table t detach partition t_2024_05; drop table t_2024_06")
    await database.query(`
      create table t_2040 (like t including defaults including constraints);
      insert into t_2040 (id, vendor, d, amount, note) values (99999, 'new', '2040-01-05', 1, 'attached');
      alter table t attach partition t_2040 for values from ('2040-01-01') to ('2041-01-01');
      insert into t (id, vendor, d, amount, note) values (99998, 'new', '2040-02-05', 1, 'inserted')`)
    const content = await contentOf(database, "t")
    await rollback(open, run.id, null)
    expect(await contentOf(database, "t")).toEqual(content)
    expect(content.rows).not.toBe("3000")
  })

  it("brings back an empty table when it was truncated, and what came afterwards", async () => {
    await using database = await createDatabase("truncated")
    await using open = await services(database)
    await createTruth(database, 3_000)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    await workUntilQuiet(open, run.id)
    await database.query("truncate t; insert into t (id, d) values (1, '2024-02-02'), (2, '2024-03-02')")
    const content = await contentOf(database, "t")
    await rollback(open, run.id, null)
    expect(await contentOf(database, "t")).toEqual(content)
    expect(content.rows).toBe("2")
  })

  it("refuses while rows do not fit into the old key, names them, and goes through once they do", async () => {
    await using database = await createDatabase("unheld")
    await using open = await services(database)
    await createTruth(database, 1_000)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    await workUntilQuiet(open, run.id)
    await database.query("insert into t (id, vendor, d, amount) values (7, 'twice', '2024-09-09', 1)")
    await expect(rollback(open, run.id, null)).rejects.toMatchObject({
      code: "CUTOVER_ROLLBACK_UNHELD",
      message: expect.stringMatching(/1 rows .* id 7, d 2024-09-09/) as string,
    })
    const waiting = await workUntil(open, run.id, (status) => status.run.reason?.includes("do not fit") === true)
    expect(waiting.run).toMatchObject({ state: "cleanup", control: "waiting" })
    expect(waiting.run.reason).toContain("1 rows do not fit")
    await database.query("delete from t where id = 7 and vendor <> 'twice'")
    const content = await contentOf(database, "t")
    await rollback(open, run.id, null)
    expect(await contentOf(database, "t")).toEqual(content)
  })

  it("is not refused for a row that moved there and back while it was replayed", async () => {
    await using database = await createDatabase("passing")
    await using open = await services(database)
    await createTruth(database, 1_000)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    await workUntilQuiet(open, run.id)
    const [row] = await database.query<{ d: string }>("select d::text from t where id = 7")
    await database.query("update t set d = d + interval '40 days' where id = 7")
    const moveBack = async (): Promise<void> => void (await database.query(`update t set d = '${row?.d}' where id = 7`))
    let isBack = false
    await using proxy = await FaultProxy.start(database.url, ({ text }) => {
      if (isBack || !text.includes("as cutover_taken where exists")) return undefined
      isBack = true
      return { type: "hold", when: "before", until: moveBack }
    })
    await using through = await services({ ...database, url: proxy.url })
    const content = await contentOf(database, "t")
    await rollback(through, run.id, null)
    expect(isBack).toBe(true)
    expect(await contentOf(database, "t")).not.toEqual(content)
    expect(await database.query("select d::text from t where id = 7")).toEqual([row])
  })

  it("is for the time between swap and cleanup, and for runs that keep a way back", async () => {
    await using database = await createDatabase("noway")
    await using open = await services(database)
    await createTruth(database, 1_000)
    const early = await launchRun(open, { table: "t", by: "d", options: { ...capture, attach: "manual" } })
    await expect(rollback(open, early.id, null)).rejects.toMatchObject({ code: "CUTOVER_STEP_NOT_ALLOWED" })
    await database.query("create table nokey (d date not null)")
    const { run } = await launchAndWork(open, { table: "nokey", by: "d" })
    await expect(rollback(open, run.id, null)).rejects.toMatchObject({ code: "CUTOVER_NO_WAY_BACK" })
  })

  it("is not possible any more when columns changed since the swap: the run halts and says why", async () => {
    await using database = await createDatabase("column")
    await using open = await services(database)
    await createTruth(database, 1_000)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    await workUntilQuiet(open, run.id)
    await database.query("alter table t add column surprise int")
    const halted = await workUntil(open, run.id, (status) => status.run.control === "halted")
    expect(halted.run.error).toMatchObject({ code: "CUTOVER_SOURCE_CHANGED" })
    expect(halted.run.error?.message).toContain("column surprise integer is new")
  })

  it("that comes when another one has just been made is refused, and does not stop the run", async () => {
    await using database = await createDatabase("rollbacklate")
    await using open = await services(database)
    await createTruth(database, 500)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    await workUntilQuiet(open, run.id)
    const [stopped, seen, made] = [signal(), signal(), signal()]
    // The first has stopped the run, and has yet to swap.
    let locks = 0
    await using before = await FaultProxy.start(database.url, (statement) => {
      if (!locksRun(statement) || ++locks !== 2) return undefined
      stopped.resolve()
      return { type: "hold", when: "before", until: async () => await seen.promise }
    })
    // The other has seen a run that is stopped, with a way back, and comes to lock it when there is none any more.
    await using after = await FaultProxy.start(database.url, (statement) => {
      if (!locksRun(statement)) return undefined
      seen.resolve()
      return { type: "hold", when: "before", until: async () => await made.promise }
    })
    await using first = await services({ ...database, url: before.url })
    await using late = await services({ ...database, url: after.url })
    const making = rollback(first, run.id, "first")
    await stopped.promise
    const refused = rollback(late, run.id, "late").catch((error: unknown) => error)
    await making
    made.resolve()
    expect(await refused).toMatchObject({ code: "CUTOVER_STEP_NOT_ALLOWED" })
    expect((await readStatus(open.database, run.id)).run).toMatchObject({ state: "rolledBack", control: "running" })
  })

  it("that is asked for twice at once happens once, and loses nothing", async () => {
    const { seed } = randomOf(process.env.CUTOVER_TEST_SEED)
    await using database = await createDatabase("rollbacktwice")
    await using open = await services(database)
    await createTruth(database, 5_000)
    await using writers = await startWriters(database, 5_000, seed)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, (status) => status.run.state === "cleanup")
    const both = await Promise.allSettled([rollback(open, run.id, "one"), rollback(open, run.id, "other")])
    await waitForStatus(open, run.id, (status) => status.run.finishedAt !== null)
    const report = await writers.stop()
    expect(both.map((one) => one.status).toSorted(), `seed ${seed}`).toEqual(["fulfilled", "rejected"])
    expect(both.find((one) => one.status === "rejected")?.reason).toMatchObject({ code: "CUTOVER_STEP_NOT_ALLOWED" })
    expect(report.errors).toEqual([])
    expect(await differencesFromTruth(database), `seed ${seed}`).toEqual(same)
  })

  it("that is outrun by writers gives up by its rule, says both rates, and leaves the run as it was", async () => {
    await using database = await createDatabase("outrun")
    await using open = await services(database)
    await createTruth(database, 5_000)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    await workUntilQuiet(open, run.id)
    const { stop } = await outrun(database, run.id)
    await expect(rollback(open, run.id, null)).rejects.toMatchObject({
      code: "CUTOVER_ROLLBACK_OUTRUN",
      message: expect.stringMatching(/^Changes arrive at \d+\/s and are replayed at \d+\/s/) as string,
    })
    expect((await readStatus(open.database, run.id)).run).toMatchObject({ state: "cleanup", control: "waiting" })
    await stop()
    const content = await contentOf(database, "t")
    await rollback(open, run.id, null)
    expect(await contentOf(database, "t")).toEqual(content)
  })

  it("says in the status what it is about, and ends when somebody resumes the run", async () => {
    await using database = await createDatabase("outrun")
    await using open = await services(database)
    await createTruth(database, 5_000)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    await workUntilQuiet(open, run.id)
    await outrun(database, run.id)
    const rolling = rollback(open, run.id, null).catch((error: unknown) => error)
    const { run: amid, totals } = await waitForStatus(open, run.id, (one) => one.run.control === "paused")
    expect(amid.reason).toBe("it is being rolled back; resume it to stop that")
    expect(totals.changesPending).toBeGreaterThan(20_000)
    await resume(open, run.id)
    expect(await rolling).toMatchObject({
      code: "CUTOVER_STEP_NOT_ALLOWED",
      message: expect.stringContaining("was resumed") as string,
    })
    expect((await readStatus(open.database, run.id)).run).toMatchObject({ state: "cleanup", control: "waiting" })
  })

  it("answers the status while it reads what came back, however long that takes", async () => {
    await using database = await createDatabase("settle")
    await using open = await services(database)
    await createTruth(database, 1_000)
    // Longer than any lock is waited for.
    await database.query("create materialized view slow as select count(*) as n, pg_sleep(2)::text from t")
    const options = { ...capture, materializedViews: "recreate" } as const
    const run = await launchRun(open, { table: "t", by: "d", options })
    await workUntilQuiet(open, run.id)
    await rollback(open, run.id, null)
    const { run: ended } = await workUntil(open, run.id, (one) => one.run.finishedAt !== null)
    expect(ended).toMatchObject({ state: "rolledBack", error: null })
    expect(await database.query("select n::int from slow")).toEqual([{ n: 1_000 }])
  })

  it("lets the status wait where the log is being dropped for longer than a lock is waited for", async () => {
    await using database = await createDatabase("dropping")
    await using open = await services(database)
    await createTruth(database, 1_000)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    await workUntilQuiet(open, run.id)
    const dropping = database.query(`drop table cutover.reverse_${run.id.toLowerCase()}; select pg_sleep(2)`)
    await sleep(200)
    expect((await readStatus(open.database, run.id)).totals.changesPending).toBe(0)
    await dropping
  })
})
