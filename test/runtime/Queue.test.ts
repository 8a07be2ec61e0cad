import { afterEach, describe, expect, it, vi } from "vitest"
import { stopChannel, wakeChannel } from "../../src/runtime/Queue.ts"
import { pause } from "../../src/runtime/commands/pause.ts"
import { resume } from "../../src/runtime/commands/resume.ts"
import { withTransaction } from "../../src/postgres/transaction.ts"
import { createDatabase } from "../support/database.ts"
import { launchRun, services } from "../support/runs.ts"

describe("a job that is put off", () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it("waits by the server's clock, whatever ours says, and tells the workers when it is due", async () => {
    await using database = await createDatabase("queue")
    await database.query("create table t (id int primary key, d date not null); insert into t values (1, '2024-01-01')")
    await using open = await services(database)
    const { id: runId, epoch } = await launchRun(open, { table: "t", by: "d" })
    const heard: string[] = []
    const listener = await database.pool.connect()
    listener.on("notification", ({ payload = "" }) => heard.push(payload))
    await listener.query(`listen ${wakeChannel}`)
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 })
    await withTransaction(open.database, async (tx) => {
      await open.queue.send(tx, { runId, task: "attach", partitionId: null, epoch, tick: 1_000 }, 20_000)
    })
    const [job] = await database.query<{ due: boolean; soon: boolean }>(`
      select start_after <= clock_timestamp() as due, start_after <= clock_timestamp() + interval '20 s' as soon
      from cutover_jobs.job where data ->> 'task' = 'attach'`)
    await vi.waitFor(() => expect(heard).toEqual(["20000"]))
    listener.release(true)
    expect(job).toEqual({ due: false, soon: true })
  })
})

it("workers are told which run was stopped, and to look for work when it goes on", async () => {
  await using database = await createDatabase("stopped")
  await database.query("create table t (id int primary key, d date not null); insert into t values (1, '2024-01-01')")
  await using open = await services(database)
  const { id } = await launchRun(open, { table: "t", by: "d" })
  const heard: string[] = []
  const listener = await database.pool.connect()
  listener.on("notification", ({ channel, payload = "" }) => heard.push(`${channel} ${payload}`))
  await listener.query(`listen ${wakeChannel}; listen ${stopChannel}`)
  await pause(open, id, { reason: "lunch", forMs: null })
  await vi.waitFor(() => expect(heard).toEqual([`${stopChannel} ${id}`]))
  await resume(open, id)
  await vi.waitFor(() => expect(heard).toContain(`${wakeChannel} 0`))
  listener.release(true)
})
