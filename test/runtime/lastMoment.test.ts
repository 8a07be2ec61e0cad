import pg from "pg"
import { describe, expect, it } from "vitest"
import { abort } from "../../src/runtime/commands/abort.ts"
import { statementText } from "../../src/postgres/sql.ts"
import { attachStatements } from "../../src/steps/copy/catchUp.ts"
import { partitionStatements } from "../../src/steps/copy/createPartitionTable.ts"
import { tableOf } from "../../src/steps/partitionTable.ts"
import { readPartition } from "../../src/store/partitions.ts"
import { readRun } from "../../src/store/runs.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { stepTo } from "../support/jobs.ts"
import { isQuiet, launchRun, services, waitForStatus, workUntil, worker } from "../support/runs.ts"
import { FaultProxy } from "../support/wire/faultProxy.ts"

describe("what changes on the way to the lock of the swap", () => {
  it("is seen under the lock: a grant given at the last moment is there afterwards", async () => {
    await using database = await createDatabase("late")
    await database.query("create table t as select g as id, date '2024-01-01' + g as d from generate_series(1, 50) g")
    await database.query("alter table t add primary key (id)")
    let granted = 0
    const grant = async (): Promise<void> => void (await database.query("grant select on t to pg_monitor"))
    await using proxy = await FaultProxy.start(database.url, ({ text }) => {
      if (!text.includes("in access exclusive mode") || granted > 0) return undefined
      granted += 1
      return { type: "hold", when: "before", until: grant }
    })
    await using open = await services({ ...database, url: proxy.url })
    const run = await launchRun(open, { table: "t", by: "d", options: { writes: "capture" } })
    await using _ = await worker(open, run.id)
    const status = await waitForStatus(open, run.id, isQuiet)
    expect(status.run).toMatchObject({ state: "cleanup", error: null })
    expect(granted).toBe(1)
    expect(await database.query("select has_table_privilege('pg_monitor', 't', 'select') as may")).toEqual([
      { may: true },
    ])
  })
})

describe("what is written on the way to the lock under which the capture begins", () => {
  it("is copied: rows that were written before the lock", async () => {
    await using database = await createDatabase("early")
    await database.query("create table t as select g as id, date '2024-01-01' + g as d from generate_series(1, 50) g")
    await database.query("alter table t add primary key (id)")
    let isFirst = true
    const write = async (): Promise<void> =>
      void (await database.query("insert into t select g, date '2024-01-01' + g % 60 from generate_series(51, 5000) g"))
    await using proxy = await FaultProxy.start(database.url, ({ text }) => {
      if (!isFirst || !text.includes("in share row exclusive mode")) return undefined
      isFirst = false
      return { type: "hold", when: "before", until: write }
    })
    await using open = await services({ ...database, url: proxy.url })
    const run = await launchRun(open, { table: "t", by: "d", options: { writes: "capture" } })
    await using _ = await worker(open, run.id)
    const status = await waitForStatus(open, run.id, isQuiet)
    expect(status.run).toMatchObject({ state: "cleanup", error: null })
    expect(await database.query("select count(*)::int as rows from t")).toEqual([{ rows: 5000 }])
  })
})

describe.each([
  { what: "the capture begins", lock: "in share row exclusive mode", options: { writes: "capture" } },
  {
    what: "a table is relabelled",
    lock: "in access exclusive mode",
    options: { writes: "capture", strategy: "relabel" },
  },
] as const)("the lock under which $what", ({ lock, options }) => {
  it("is taken when all that writers need not wait for is done", async () => {
    await using database = await createDatabase("short")
    await createTable(database)
    await using proxy = await FaultProxy.start(database.url)
    await using open = await services({ ...database, url: proxy.url })
    const run = await launchRun(open, { table: "t", by: "d", options })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, isQuiet)
    const { statements } = proxy
    const from = statements.findIndex(({ text }) => text.includes(lock))
    const { connection } = statements[from] ?? { connection: -1 }
    const after = statements.slice(from + 1).filter((one) => one.connection === connection)
    const under = after
      .slice(
        0,
        after.findIndex(({ text }) => text === "commit"),
      )
      .map(({ text }) => text)
    expect(under.length).toBeGreaterThan(5)
    expect(under.length, under.join("\n")).toBeLessThan(20)
    expect(under.filter((text) => /create (table|function)|json_build_object/.test(text))).toEqual([])
  })

  it("is of the table that was described: nobody alters it in between", async () => {
    await using database = await createDatabase("altered")
    await createTable(database)
    const outcomes: unknown[] = []
    const alter = async (): Promise<void> => {
      const trying = database.query("set lock_timeout = '100ms'; comment on table t is 'late'")
      outcomes.push(
        await trying.then(
          () => "altered",
          (error: { code: string }) => error.code,
        ),
      )
    }
    await using proxy = await FaultProxy.start(database.url, ({ text }) =>
      outcomes.length === 0 && text.includes(lock) ? { type: "hold", when: "before", until: alter } : undefined,
    )
    await using open = await services({ ...database, url: proxy.url })
    const run = await launchRun(open, { table: "t", by: "d", options })
    await using _ = await worker(open, run.id)
    const status = await waitForStatus(open, run.id, isQuiet)
    expect(outcomes[0]).toBe("55P03")
    expect(status.run).toMatchObject({ state: "cleanup", error: null })
  })
})

describe("the lock under which a run is aborted", () => {
  it.each([{ strategy: "copy" }, { strategy: "relabel" }] as const)(
    "is taken when the partitions are dropped already ($strategy)",
    async ({ strategy }) => {
      await using database = await createDatabase("aborted")
      await createTable(database)
      await using proxy = await FaultProxy.start(database.url)
      await using open = await services({ ...database, url: proxy.url })
      const options = { writes: "capture", strategy, attach: "manual" } as const
      const run = await launchRun(open, { table: "t", by: "d", options })
      await workUntil(open, run.id, (one) => /ready to attach/.test(one.run.reason ?? ""))
      const already = proxy.statements.length
      await abort(open, run.id)
      const texts = proxy.statements.slice(already).map((one) => one.text)
      const released = texts.findLastIndex((text) => text.startsWith("rollback to savepoint"))
      const locked = texts.findIndex((text, n) => n > released && /(drop trigger|drop constraint) if exists/.test(text))
      const dropped = texts.findIndex((text) => text.includes('drop table "public"."t_partitioned"'))
      expect(dropped).toBeGreaterThan(released)
      expect(locked).toBeGreaterThan(dropped)
      const under = texts.slice(locked + 1, texts.indexOf("commit", locked))
      expect(under.length, under.join("\n")).toBeLessThan(15)
      expect(under.filter((text) => text.includes('drop table "public"'))).toEqual([])
    },
  )
})

describe("a month that is attached", () => {
  it("is not scanned for it: its CHECK proves the bounds, and that no key is missing", async () => {
    await using database = await createDatabase("unscanned")
    await database.query("create table t as select g as id, date '2024-01-01' + g as d from generate_series(1, 25) g")
    await using open = await services(database)
    const { id } = await launchRun(open, { table: "t", by: "d", options: { nullKeys: "default-partition" } })
    const job = await stepTo(open, id, "copy")
    const run = await readRun(open.database, id)
    const partition = await readPartition(open.database, job.data.partitionId ?? "")
    const made = partitionStatements(run, partition, tableOf(run, partition), { tables: [], sequences: [] })
    const said = await noticesOf(database, [...made, ...attachStatements(run, partition)].map(statementText))
    expect(said).toContainEqual(expect.stringContaining("is implied by existing constraints"))
  })
})

/** What PostgreSQL says, down to its thoughts, while it carries statements out; then they are undone. */
async function noticesOf(database: TestDatabase, statements: readonly string[]): Promise<string[]> {
  const client = new pg.Client(database.url)
  const said: string[] = []
  client.on("notice", (notice) => said.push(notice.message ?? ""))
  await client.connect()
  await client.query("begin; set local client_min_messages = debug1")
  for (const statement of statements) await client.query(statement)
  await client.query("rollback")
  await client.end()
  return said
}

async function createTable(database: TestDatabase): Promise<void> {
  await database.query("create table t as select g as id, date '2024-01-01' + g as d from generate_series(1, 50) g")
  await database.query("alter table t add primary key (id)")
  await database.query("create index on t (d)")
}
