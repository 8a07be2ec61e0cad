import { describe, expect, it } from "vitest"
import type { Job } from "../../src/runtime/Job.ts"
import { pause } from "../../src/runtime/commands/pause.ts"
import { resume } from "../../src/runtime/commands/resume.ts"
import { FencedError, passJob } from "../../src/runtime/door.ts"
import type { OpenServices } from "../../src/runtime/openServices.ts"
import { reactTo } from "../../src/runtime/reactTo.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { nobody, stepTo } from "../support/jobs.ts"
import { isQuiet, launchRun, services, workUntil } from "../support/runs.ts"
import { FaultProxy } from "../support/wire/faultProxy.ts"

async function launched(database: TestDatabase, open: OpenServices): Promise<string> {
  await database.query(`
    create table t (id int primary key, d date not null, v text);
    insert into t select g, date '2024-01-01' + g / 20, 'v' from generate_series(1, 599) g`)
  return (await launchRun(open, { table: "t", by: "d", options: { monthsAhead: 0, monthsBack: 0 } })).id
}

/** What there is of a run's work: batches, and the months' tables. */
async function workDone(database: TestDatabase): Promise<unknown> {
  const [done] = await database.query(
    `select (select count(*)::int from cutover.batches) as batches,
            (select count(*)::int from pg_class where relname like 't\\_2024%' and relkind = 'r') as tables`,
  )
  return done
}

const nothing = { batches: 0, tables: 0 }

async function stateOf(database: TestDatabase, { id }: Job): Promise<string | undefined> {
  return (await database.query<{ state: string }>("select state::text from cutover_jobs.job where id = $1", [id]))[0]
    ?.state
}

describe("the door", () => {
  it("writes nothing of a job that was given to somebody else meanwhile", async () => {
    await using database = await createDatabase("door")
    await using open = await services(database)
    const runId = await launched(database, open)
    const mine = await stepTo(open, runId, "copy")
    await open.queue.giveBack(runId, mine)
    const fetched = [await open.queue.fetch(runId), await open.queue.fetch(runId)]
    expect(fetched.find((job) => job?.id === mine.id)?.retryCount).toBe(mine.retryCount + 1)
    await expect(passJob(open, mine, nobody)).rejects.toBeInstanceOf(FencedError)
    expect(await workDone(database)).toEqual(nothing)
    expect((await workUntil(open, runId, isQuiet)).run.state).toBe("cleanup")
  })

  it("lets a job be that is being worked elsewhere", async () => {
    await using database = await createDatabase("door")
    await using open = await services(database)
    const runId = await launched(database, open)
    const job = await stepTo(open, runId, "copy")
    const amid = Promise.withResolvers<void>()
    const goOn = Promise.withResolvers<void>()
    await using proxy = await FaultProxy.start(database.url, ({ text }) => {
      if (!/^\s*insert into "public"."t_2024/.test(text)) return undefined
      amid.resolve()
      return { type: "hold", when: "before", until: async () => await goOn.promise }
    })
    await using elsewhere = await services({ ...database, url: proxy.url })
    const passing = passJob(elsewhere, job, nobody)
    await amid.promise
    await expect(passJob(open, job, nobody)).rejects.toThrow("is being worked elsewhere")
    goOn.resolve()
    await passing
  })

  it("leaves nothing of a job whose connection breaks before its COMMIT, and the job as it was", async () => {
    await using database = await createDatabase("door")
    await using open = await services(database)
    const runId = await launched(database, open)
    const job = await stepTo(open, runId, "copy")
    await using proxy = await FaultProxy.start(database.url)
    await using broken = await services({ ...database, url: proxy.url })
    proxy.decide = ({ text, before }) =>
      text === "commit" && before.some((one) => /^\s*insert into "public"."t_2024/.test(one.text))
        ? { type: "cut", when: "before" }
        : undefined
    await expect(passJob(broken, job, nobody)).rejects.toMatchObject({ code: "08006" })
    expect(await workDone(database)).toEqual(nothing)
    expect(await stateOf(database, job)).toBe("active")
  })

  it("does nothing for a job that was sent before the run was resumed", async () => {
    await using database = await createDatabase("door")
    await using open = await services(database)
    const runId = await launched(database, open)
    const job = await stepTo(open, runId, "copy")
    await pause(open, runId, { reason: null, forMs: null })
    await resume(open, runId)
    await passJob(open, job, nobody)
    expect(await workDone(database)).toEqual(nothing)
    expect(await stateOf(database, job)).toBe("completed")
    expect((await workUntil(open, runId, isQuiet)).run.state).toBe("cleanup")
  })

  it("halts the run on an error that nobody knows, and keeps what it says", async () => {
    await using database = await createDatabase("door")
    await using open = await services(database)
    const runId = await launched(database, open)
    const job = await stepTo(open, runId, "copy")
    await reactTo(open, job, new Error("nobody knows this"), false)
    const [run] = await database.query("select control, error->>'message' as message from cutover.runs")
    expect(run).toEqual({ control: "halted", message: "The task copy failed: nobody knows this" })
  })
})
