import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { sql } from "../../src/postgres/sql.ts"
import type { Status } from "../../src/domain/status.ts"
import { rollback } from "../../src/runtime/commands/rollback.ts"
import { findLongTransaction } from "../../src/steps/swap/obstacles.ts"
import type { Run } from "../../src/store/runs.ts"
import { readStatus } from "../../src/store/status.ts"
import { type TestDatabase, type TestServer, startServer } from "../support/database.ts"
import { contentOf } from "../support/oracle.ts"
import { launchRun, services, waitForStatus, worker } from "../support/runs.ts"

/** Who is in the way of the swap: what they do, how they are named, and what lets them go. */
type Other = {
  readonly what: string
  readonly begin: readonly string[]
  /** Left running, where it does not come back by itself. */
  readonly last?: string
  readonly named: RegExp
  readonly end: readonly string[]
}

const idle = "begin; "
const others: readonly Other[] = [
  {
    what: "a reader",
    begin: [`${idle}select 1 from t limit 1`],
    named: /pid \d+ \(postgres, other\) has held AccessShareLock for/,
    end: ["commit"],
  },
  { what: "a writer", begin: [`${idle}update t set v = 'w' where id = 1`], named: /RowExclusiveLock/, end: ["commit"] },
  {
    what: "a prepared transaction",
    begin: [`${idle}update t set v = 'w' where id = 1; prepare transaction 'left behind'`],
    named: /prepared transaction left behind of postgres has held \w+Lock for/,
    end: ["commit prepared 'left behind'"],
  },
  {
    what: "a dump",
    begin: [
      "begin isolation level repeatable read read only; lock table t in access share mode; select 1 from t limit 1",
    ],
    named: /pid \d+ \(postgres, other\) has held (a snapshot|AccessShareLock) for/,
    end: ["commit"],
  },
  {
    what: "a report that reads the table only later",
    begin: ["begin isolation level repeatable read", "select 1 from other"],
    named: /old snapshot: pid \d+ \(postgres, other\) has held a snapshot/,
    end: ["commit"],
  },
  {
    what: "an index build",
    begin: [`${idle}create index surprise on other (x); lock table t in share update exclusive mode`],
    named: /ShareUpdateExclusiveLock/,
    end: ["rollback"],
  },
  {
    what: "a vacuum that does not step aside",
    begin: ["set vacuum_cost_delay = 100; set vacuum_cost_limit = 1"],
    last: "vacuum (freeze, disable_page_skipping) t",
    named: /pid \d+ \(postgres, other\) .*vacuum \(freeze/,
    end: [],
  },
  {
    what: "a reader of a view of the table",
    begin: [`${idle}lock table only of_t in access share mode`],
    named: /pid \d+ \(postgres, other\)/,
    end: ["commit"],
  },
  {
    what: "a writer of a table that points to it",
    begin: [`${idle}insert into child values (2, 2, '2024-01-03')`],
    named: /pid \d+ \(postgres, other\)/,
    end: ["commit"],
  },
]

describe("in the way of the swap", () => {
  let server: TestServer
  beforeAll(async () => {
    server = await startServer(undefined, { max_prepared_transactions: "5", autovacuum: "off" })
  })
  afterAll(() => server.destroy())

  it.each(others)("$what is named, lives on, and lets it come when it is over", async ({ begin, last, named, end }) => {
    await using database = await server.createDatabase("intheway")
    await using open = await services(database)
    await createTables(database)
    const run = await launchRun(open, { table: "t", by: "d", options: gated })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, isAtGate)
    const other = new pg.Client({ connectionString: database.url, application_name: "other" })
    await other.connect()
    for (const statement of begin) await other.query(statement)
    const going = last === undefined ? undefined : other.query(last).catch((error: unknown) => error)
    await sleep(1_200)
    await database.query("update cutover.runs set gate_opened_at = clock_timestamp()")
    const blocked = await waitForStatus(open, run.id, (one) => (one.run.reason ?? "").startsWith("the swap waits"))
    expect(blocked.run.reason).toMatch(named)
    await sleep(1_500)
    // Nobody was cancelled or terminated: the session answers, in its transaction, and the vacuum goes on.
    for (const statement of end) await other.query(statement)
    const [lives] = await database.query(
      "select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = 'other'",
    )
    expect(lives).toEqual({ n: 1 })
    await database.query(
      "select pg_cancel_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'other'",
    )
    expect(String(await going)).toMatch(/undefined|canceling statement due to user request/)
    await waitForStatus(open, run.id, (one) => one.run.state === "cleanup", 15_000)
    await other.end()
    expect(await contentOf(database, "t")).toMatchObject({ rows: "20000" })
  })
})

describe("not in the way of the swap", () => {
  it("are the short transactions of a busy application, whose last statement leaves a snapshot until the next", async () => {
    await using server = await startServer()
    await using database = await server.createDatabase("busy")
    await expectSwapBeside(database, 6, async (signal) => {
      const client = await database.pool.connect()
      while (!signal.aborted) {
        await client.query("begin")
        await client.query("select x from other where x = $1", [1])
        await sleep(30)
        await client.query("commit")
      }
      client.release()
    })
  })

  it("is a long transaction in another database, though every snapshot looks as old as it is", async () => {
    await using server = await startServer()
    await using elsewhere = await server.createDatabase("elsewhere")
    await using database = await server.createDatabase("ours")
    const long = await elsewhere.pool.connect()
    await long.query("begin; select pg_current_xact_id()")
    try {
      await expectSwapBeside(database, 3, async (signal) => {
        while (!signal.aborted) await database.query("select v, pg_sleep(0.03) from t where id = 1")
      })
    } finally {
      long.release(true)
    }
  })

  it("is a lock whose holder shows no age: only a try at the lock can tell", async () => {
    await using server = await startServer()
    await using database = await server.createDatabase("hidden")
    await createTables(database)
    const [{ oid } = { oid: 0 }] = await database.query<{ oid: number }>("select 't'::regclass::oid as oid")
    const holder = await database.pool.connect()
    await holder.query("begin; select 1 from t limit 1")
    await sleep(1_200)
    await using open = await services(database)
    const looked = await open.database.withSession(async (session) => {
      const look = () => findLongTransaction(session, { sourceOid: oid } as Run)
      // One look in twenty lets a try through all the same.
      const seen = [await look(), await look(), await look()].find((one) => one !== undefined)
      await session.query(sql`create role plain; set role plain`)
      const hidden = [await look(), await look(), await look()]
      session.discard()
      return { seen: seen?.reason, hidden }
    })
    holder.release(true)
    expect(looked.seen).toMatch(/has held AccessShareLock/)
    expect(looked.hidden).toEqual([undefined, undefined, undefined])
  })
})

/** A run comes to its swap while so many others do the same again and again, until the signal. */
async function expectSwapBeside(
  database: TestDatabase,
  howMany: number,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  await using open = await services(database)
  await createTables(database)
  const over = new AbortController()
  const busy = Array.from({ length: howMany }, () => work(over.signal))
  try {
    const run = await launchRun(open, {
      table: "t",
      by: "d",
      options: { writes: "capture", monthsAhead: 0, monthsBack: 0 },
    })
    await using _ = await worker(open, run.id)
    const { attach } = await waitForStatus(open, run.id, (one) => one.run.state === "cleanup", 20_000)
    expect(attach.swappedAt).not.toBeNull()
  } finally {
    over.abort()
    await Promise.all(busy)
  }
}

describe("an autovacuum of the table, which would take hours,", () => {
  it("steps aside for the run and for its swap, while readers and writers wait for nobody", async () => {
    await using server = await startServer(undefined, { autovacuum_naptime: "1s" })
    await using database = await server.createDatabase("autovacuum")
    await using open = await services(database)
    await createTables(database)
    await database.query(
      "alter table t set (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)",
    )
    const vacuumed = async (): Promise<void> => {
      await database.query("update t set v = 'w' where id <= 10000")
      await vi.waitFor(async () => expect(await database.query(vacuumsOf("t"))).toHaveLength(1), waiting)
    }
    await vacuumed()
    const run = await launchRun(open, { table: "t", by: "d", options: gated })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, isAtGate)
    await vacuumed()
    await database.query("update cutover.runs set gate_opened_at = clock_timestamp()")
    const { attach } = await waitForStatus(open, run.id, (one) => one.run.state === "cleanup", 20_000)
    expect(attach.swappedAt).not.toBeNull()
  })
})

describe("an autovacuum of the table that prevents wraparound", () => {
  it("is named, lives on, and lets the swap come when it is over", async () => {
    await using server = await startServer(undefined, { autovacuum_naptime: "1s", autovacuum_freeze_max_age: "100000" })
    await using database = await server.createDatabase("wraparound")
    await using open = await services(database)
    await createTables(database)
    // What prevents wraparound comes all the same.
    await database.query(
      "alter table t set (autovacuum_enabled = off, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)",
    )
    const run = await launchRun(open, { table: "t", by: "d", options: gated })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, isAtGate)
    await database.query("do $$ begin for n in 1..110000 loop perform pg_current_xact_id(); commit; end loop; end $$")
    const preventing = async (): Promise<{ pid: number }[]> =>
      await database.query(vacuumsOf("t (to prevent wraparound)"))
    await vi.waitFor(async () => expect(await preventing()).toHaveLength(1), waiting)
    const before = await preventing()
    await database.query("update cutover.runs set gate_opened_at = clock_timestamp()")
    const blocked = await waitForStatus(open, run.id, (one) => (one.run.reason ?? "").startsWith("the swap waits"))
    expect(blocked.run.reason).toMatch(/pid \d+ .*to prevent wraparound/)
    await sleep(1_500)
    expect(await preventing()).toEqual(before)
    await vi.waitFor(async () => {
      // Those of the months, which are vacuumed as the source is, come at last too.
      await database.query(`select pg_cancel_backend(pid) from (${vacuumsOf("t%")}) as vacuums`)
      expect((await readStatus(open.database, run.id)).run.state).toBe("cleanup")
    }, waiting)
  })
})

describe("an autovacuum of another partition of the whole", () => {
  it("steps aside for the swap of a split, and for its rollback", async () => {
    await using server = await startServer(undefined, { autovacuum_naptime: "1s" })
    await using database = await server.createDatabase("autovacuum")
    await using open = await services(database)
    await database.query(`
      create table t (id int, d date not null, v text, primary key (id, d)) partition by range (d);
      create table past partition of t for values from (minvalue) to ('2024-06-01');
      create table public.other partition of t for values from ('2024-06-01') to (maxvalue)
        with (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
      insert into t select g, date '2024-01-01' + g % 60, 'v' from generate_series(1, 1000) g;
      insert into t select g, date '2024-06-01' + g % 60, repeat('v', 100) from generate_series(1, 20000) g`)
    const vacuumed = async (): Promise<void> => {
      await database.query("update other set v = 'w' where id <= 10000")
      await vi.waitFor(async () => expect(await database.query(vacuumsOf("other"))).toHaveLength(1), waiting)
    }
    const run = await launchRun(open, { table: "past", by: "d", options: { writes: "capture", attach: "manual" } })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, isAtGate)
    await vacuumed()
    await database.query("update cutover.runs set gate_opened_at = clock_timestamp()")
    await waitForStatus(open, run.id, (one) => one.run.state === "cleanup", 20_000)
    await vacuumed()
    expect((await rollback(open, run.id, null)).run.state).toBe("rolledBack")
  })
})

/** Of a run that waits for somebody to say that it may swap. */
const gated = { writes: "capture", attach: "manual", monthsAhead: 0, monthsBack: 0 } as const
const isAtGate = (one: Status): boolean => /ready to attach/.test(one.run.reason ?? "")

const waiting = { timeout: 20_000, interval: 50 }
const vacuumsOf = (table: string): string => `
  select pid from pg_stat_activity
  where backend_type = 'autovacuum worker' and query like 'autovacuum: VACUUM%public.${table}' and datname = current_database()`

async function createTables(database: TestDatabase): Promise<void> {
  await database.query(`
    create table t (id int, d date not null, v text, primary key (id, d));
    insert into t select g, date '2024-01-01' + g % 60, repeat('v', 100) from generate_series(1, 20000) g;
    create view of_t as select id from t;
    create table other (x int);
    create table child (id int, t int, t_d date, foreign key (t, t_d) references t);
    insert into child values (1, 1, '2024-01-02')`)
}
