import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type TestDatabase, type TestServer, startServer } from "../support/database.ts"
import { contentOf } from "../support/oracle.ts"
import { launchRun, services, waitForStatus, worker } from "../support/runs.ts"
import { readStatus } from "../../src/store/status.ts"

/** What the server runs out of, and how it gets it back. Both speak as an administrator, in the database of the run. */
type Shortage = {
  readonly what: string
  readonly begin: (admin: pg.Client, database: TestDatabase) => Promise<() => Promise<unknown>>
}

const ofTheShortage = "application_name in ('admin', 'opener', 'other')"

const takenWholly = `
  select from pg_stat_activity
  where backend_type = 'client backend' and ${ofTheShortage}
  having count(*) = current_setting('max_connections')::int`

const rowsCopied = "select sum(rows_copied) as rows from cutover.partitions"

const shortages: readonly Shortage[] = [
  {
    what: "connections",
    begin: async (admin, database) => {
      const others: pg.Client[] = []
      // Our sessions come back as soon as there is room, so they are sent away until others have taken all of it. One that is
      // still coming is not seen by its name yet, and has its place already: so those that stay are counted.
      while ((await admin.query(takenWholly)).rowCount === 0) {
        await admin.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and not ${ofTheShortage}`,
        )
        const other = new pg.Client({ connectionString: database.url, application_name: "other" })
        other.on("error", () => {})
        const isIn = await other.connect().then(
          () => true,
          () => false,
        )
        if (isIn) others.push(other)
      }
      return async () => await Promise.all(others.map(async (other) => await other.end()))
    },
  },
  {
    what: "the right to write",
    begin: async (admin) => {
      await admin.query("alter system set default_transaction_read_only = on")
      await admin.query("select pg_reload_conf()")
      return async () => {
        await admin.query("set default_transaction_read_only = off")
        await admin.query("alter system reset default_transaction_read_only")
        await admin.query("select pg_reload_conf()")
      }
    },
  },
  {
    what: "room for locks",
    begin: async (admin) => {
      await admin.query("begin")
      let taken = 0
      for (const step of [500, 50, 5, 1]) {
        for (;;) {
          await admin.query("savepoint more")
          const isTaken = await admin
            .query(`select count(pg_advisory_xact_lock(77, n)) from generate_series(${taken + 1}, ${taken + step}) n`)
            .then(
              () => true,
              () => false,
            )
          if (!isTaken) break
          taken += step
        }
        await admin.query("rollback to savepoint more")
      }
      // With a handful of locks left, questions are answered, and tables cannot be made.
      await admin.query("rollback; begin")
      // The locks of the question that follows are taken now, for later our own run may have the last dozen.
      await admin.query(rowsCopied)
      await admin.query(`select count(pg_advisory_xact_lock(77, n)) from generate_series(1, ${taken - 12}) n`)
      return async () => await admin.query("commit")
    },
  },
]

describe("a server that runs out of", () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer(undefined, { max_connections: "25", max_locks_per_transaction: "24" })
  })
  afterAll(() => server.destroy())

  it.each(shortages)("$what lets the run wait, and go on within ten seconds of the end of it", async ({ begin }) => {
    await using database = await server.createDatabase("short")
    await database.query(`
      create table t (id int primary key, d date not null, v text);
      insert into t select g, date '2024-01-01' + g % 150, repeat('v', 200) from generate_series(1, 40000) g;
      create index on t (d); cluster t using t_d_idx; create table gate (closed int); insert into gate values (1)`)
    const content = await contentOf(database, "t")
    await using open = await services(database)
    const run = await launchRun(open, {
      table: "t",
      by: "d",
      options: { writes: "capture", monthsAhead: 0, monthsBack: 0, throttleSql: "select closed from public.gate" },
    })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, (one) => one.run.reason?.startsWith("throttled") === true)
    await using sessions = new AsyncDisposableStack()
    const connect = async (name: string) => {
      const client = new pg.Client({ connectionString: database.url, application_name: name })
      client.on("error", () => {})
      await client.connect()
      sessions.defer(async () => await client.end())
      return client
    }
    const admin = await connect("admin")
    const opener = await connect("opener")
    await opener.query("set default_transaction_read_only = off")
    const end = await begin(admin, database)
    await opener.query("update gate set closed = 0")
    await sleep(2_500)
    const before = await admin.query<{ rows: string }>(rowsCopied)
    expect(before.rows[0]?.rows).toBe("0")
    await end()
    const startedAt = performance.now()
    const seen = await patiently(async () => await readStatus(open.database, run.id))
    expect(seen.run).toMatchObject({ error: null, control: "running" })
    await waitForStatus(open, run.id, (one) => Number(one.totals.rowsCopied) > 0 || one.run.control !== "running")
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    await waitForStatus(open, run.id, (one) => one.run.state === "cleanup" || one.run.control === "halted")
    expect(await contentOf(database, "t")).toEqual(content)
  })
})

/** The first answer, for sessions that broke meanwhile say so once. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let n = 0; ; n++) {
    try {
      return await ask()
    } catch (error) {
      if (n === 20) throw error
      await sleep(200)
    }
  }
}
