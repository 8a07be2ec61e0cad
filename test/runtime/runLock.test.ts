import { setTimeout as sleep } from "node:timers/promises"
import { expect, it, vi } from "vitest"
import type { RunOptionsInput } from "../../src/config/runOptions.ts"
import { pause } from "../../src/runtime/commands/pause.ts"
import { resume } from "../../src/runtime/commands/resume.ts"
import type { Status } from "../../src/domain/status.ts"
import { readStatus } from "../../src/store/status.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { contentOf } from "../support/oracle.ts"
import { launchRun, services, waitForStatus, worker } from "../support/runs.ts"
import { shuffleHeap } from "../support/writers.ts"

/** A key of an advisory lock: whoever evaluates `passed()` waits in the middle of its statement until the lock is free. */
const gate = 7_000_001

/** Marked immutable, so that an index may call it too. */
async function createTable(database: TestDatabase): Promise<void> {
  await database.query(`
    create function passed(n bigint) returns bigint immutable language plpgsql as $$
    begin
      while not pg_try_advisory_xact_lock_shared(${gate}) loop perform pg_sleep(0.01); end loop;
      return n;
    end $$;
    create table t (id bigint primary key, d timestamp not null, v text);
    insert into t select g, timestamp '2024-01-01' + g * interval '2 hours', repeat('v', 100) from generate_series(1, 2000) g`)
}

/** Work that can be held in its middle: what makes it wait, how that is seen, and whether a pause cancels it. */
const works: readonly {
  readonly what: string
  readonly setup: string
  readonly options?: RunOptionsInput
  readonly isShuffled?: true
  /** Keeps the work from ending until its transaction ends. */
  readonly hold: string
  /** What the statement that is held begins with, and what it waits for. */
  readonly waiting: { readonly query: string; readonly waitsFor: string }
  readonly isCancelled: boolean
}[] = [
  {
    what: "a batch of a month",
    setup: "alter table t add check (passed(id) > 0)",
    hold: `select pg_advisory_xact_lock(${gate})`,
    waiting: { query: "insert into", waitsFor: "PgSleep" },
    isCancelled: false,
  },
  {
    what: "a batch that a limit has held",
    setup: "alter table t add check (passed(id) > 0)",
    options: { throttleSql: "select (clock_timestamp() < launched_at + interval '1 s')::int from cutover.runs" },
    hold: `select pg_advisory_xact_lock(${gate})`,
    waiting: { query: "insert into", waitsFor: "PgSleep" },
    isCancelled: false,
  },
  {
    what: "a batch of a sweep",
    setup: "alter table t add check (passed(id) > 0)",
    isShuffled: true,
    hold: `select pg_advisory_xact_lock(${gate})`,
    waiting: { query: "insert into", waitsFor: "PgSleep" },
    isCancelled: false,
  },
  {
    what: "the build of a partition's index",
    setup: "create index on t (passed(id))",
    hold: `select pg_advisory_xact_lock(${gate})`,
    waiting: { query: "create index", waitsFor: "PgSleep" },
    isCancelled: true,
  },
  {
    what: "an index that is built concurrently",
    setup: "",
    options: { ensureIndexes: [["v", "d"]] },
    hold: "insert into t values (0, '2024-01-01')",
    waiting: { query: "create index concurrently", waitsFor: "virtualxid" },
    isCancelled: true,
  },
]

it.concurrent.each(works)(
  "$what leaves the run free: nobody waits for its row, and a pause is noted at once",
  async ({ setup, options, isShuffled, hold, waiting, isCancelled }) => {
    await using database = await createDatabase("runlock")
    await using open = await services(database)
    await createTable(database)
    if (setup !== "") await database.query(setup)
    if (isShuffled) await shuffleHeap(database)
    const run = await launchRun(open, {
      table: "t",
      by: "d",
      options: { writes: "capture", monthsAhead: 0, monthsBack: 0, ...options },
    })
    const held = await begin(database, hold)
    await using _ = await worker(open, run.id)
    // Its end comes before the worker's, which waits for what is held.
    await using _held = held
    await waitUntilWaiting(database, waiting)

    await assertUnlocked(database, run.id)
    if (isCancelled) await waitForStatus(open, run.id, (one) => isToldOf(one, waiting.query), 20_000)

    const pausing = pause(open, run.id, { reason: "lunch", forMs: null })
    await waitForStatus(open, run.id, (one) => one.run.control === "paused")
    const ends = [pausing.then(() => "cancelled"), sleep(isCancelled ? 20_000 : 300, "under way", { ref: false })]
    expect(await Promise.race(ends)).toBe(isCancelled ? "cancelled" : "under way")
    expect((await statementsOfOurs(database, waiting.query)).length === 0).toBe(isCancelled)
    await assertUnlocked(database, run.id)
    await held[Symbol.asyncDispose]()
    expect(await pausing).toMatchObject({ control: "paused", reason: "lunch" })

    await resume(open, run.id)
    await waitForStatus(open, run.id, (one) => one.run.state === "cleanup")
    expect((await readStatus(open.database, run.id)).run.error).toBeNull()
    expect(await contentOf(database, "t")).toMatchObject({ rows: hold.startsWith("insert") ? "2001" : "2000" })
  },
)

it("a pause of which no worker heard cancels what may last all the same", async () => {
  await using database = await createDatabase("unheard")
  await using open = await services(database)
  await createTable(database)
  await database.query("create index on t (passed(id))")
  const run = await launchRun(open, { table: "t", by: "d", options: { writes: "capture" } })
  const held = await begin(database, `select pg_advisory_xact_lock(${gate})`)
  await using _ = await worker(open, run.id)
  await using _held = held
  await waitUntilWaiting(database, { query: "create index", waitsFor: "PgSleep" })
  // As a pause does, but for the notification.
  await database.query("update cutover.runs set control = 'paused'")
  await vi.waitFor(async () => expect(await statementsOfOurs(database, "create index")).toEqual([]), 20_000)
})

/**
 * Two looks, apart from each other: work that has just begun would pass the first. Whoever notes something holds the row for a
 * moment; what is held in its middle would hold it for as long as this test wants.
 */
async function assertUnlocked(database: TestDatabase, runId: string): Promise<void> {
  const client = await database.pool.connect()
  try {
    for (const waitMs of [0, 150]) {
      await sleep(waitMs)
      await client.query("begin; set local lock_timeout = '400ms'")
      const { rows } = await client.query("select id from cutover.runs where id = $1 for no key update", [runId])
      await client.query("rollback")
      expect(rows).toHaveLength(1)
    }
  } finally {
    client.release(true)
  }
}

/** What lasts is told of, with its statement. */
function isToldOf({ run }: Status, query: string): boolean {
  return run.reason !== null && /^busy for \ds with: /.test(run.reason) && run.reason.includes(query)
}

async function waitUntilWaiting(
  database: TestDatabase,
  { query, waitsFor }: { readonly query: string; readonly waitsFor: string },
): Promise<void> {
  const deadline = Date.now() + 20_000
  for (;;) {
    const sessions = await statementsOfOurs(database)
    if (sessions.some((one) => one.wait === waitsFor && one.query.startsWith(query))) return
    if (Date.now() > deadline) throw new Error(`nothing is held; ours do ${JSON.stringify(sessions)}`)
    await sleep(20)
  }
}

type Statement = { readonly query: string; readonly wait: string | null }

/** The statements that begin so and that sessions of ours are executing. */
async function statementsOfOurs(database: TestDatabase, beginning = ""): Promise<Statement[]> {
  const sessions = await database.query<Statement>(`
    select query, wait_event as wait from pg_stat_activity
    where datname = current_database() and application_name like 'cutover/%' and state = 'active'`)
  return sessions
    .map((one) => ({ ...one, query: withoutComment(one.query) }))
    .filter((one) => one.query.startsWith(beginning))
}

function withoutComment(text: string): string {
  return text.replace(/^\s*(?:\/\*.*?\*\/|--[^\n]*\n)?\s*/su, "").toLowerCase()
}

/** A transaction that has done something, and ends once. */
async function begin(database: TestDatabase, statement: string): Promise<AsyncDisposable> {
  const client = await database.pool.connect()
  await client.query(`begin; ${statement}`)
  let ending: Promise<void> | undefined
  const end = async (): Promise<void> => {
    await client.query("commit")
    client.release()
  }
  return { [Symbol.asyncDispose]: () => (ending ??= end()) }
}
