import { describe, expect, it } from "vitest"
import { runOptionsSchema } from "../../src/config/runOptions.ts"
import { Database } from "../../src/postgres/Database.ts"
import { sql } from "../../src/postgres/sql.ts"
import { type ServerLimits, checkLadder, ladderOf, wrongSteps } from "../../src/runtime/ladder.ts"
import { set } from "../../src/runtime/commands/set.ts"
import { createDatabase } from "../support/database.ts"
import { launchRun, services } from "../support/runs.ts"

const usual: ServerLimits = {
  lock: 900,
  deadlock: 1_000,
  idleInTransaction: 10_000,
  statement: 30_000,
  keepAlive: 20_000,
}

/** The names of what stands the wrong way round, the lower rung first. */
function wrong(server: Partial<ServerLimits>, batchTargetMs = 1_000): string[] {
  return wrongSteps(ladderOf({ ...usual, ...server }, { batchTargetMs })).map(
    ({ below, above }) => `${below.name} > ${above.name}`,
  )
}

const givenUp = "the patience with a connection that says nothing"

describe("the ladder of timeouts", () => {
  it.each<[string, Partial<ServerLimits>, number, string[]]>([
    ["as we set it", {}, 1_000, []],
    ["with the longest batches", {}, 25_000, []],
    [
      "without limits of the server's",
      { idleInTransaction: 30, statement: 0, keepAlive: 0 },
      1_000,
      [`${givenUp} > idle_in_transaction_session_timeout`],
    ],
    ["with deadlocks looked for at once", { lock: 1, deadlock: 1 }, 1_000, ["our wait for a lock > deadlock_timeout"]],
    ["with no limit to the wait for a lock", { lock: 0 }, 1_000, ["our wait for a lock > deadlock_timeout"]],
    [
      "with statements shorter than batches",
      { statement: 500, idleInTransaction: 6_000 },
      1_000,
      ["--batch-target > statement_timeout", "idle_in_transaction_session_timeout > statement_timeout"],
    ],
    [
      "with keep-alives of a second",
      { keepAlive: 1_000 },
      1_000,
      [`${givenUp} > the end of a connection by tcp_keepalives`],
    ],
  ])("%s", (_, server, batchTargetMs, expected) => {
    expect(wrong(server, batchTargetMs)).toEqual(expected)
  })

  it("stands on a server of the usual kind", async () => {
    await using database = await createDatabase("ladder")
    await using open = await services(database)
    expect(await checkLadder(open.database, runOptionsSchema.parse({}))).toMatchObject([{ level: "ok" }])
  })

  it("does not where the server looks for deadlocks after a millisecond: our waits end all the same, and a launch is refused", async () => {
    await using database = await createDatabase("ladder")
    await database.query("create table t (id int primary key, d date not null)")
    await database.query(`alter database ${database.name} set deadlock_timeout = '1ms'`)
    await using open = await services(database)
    expect((await open.database.query(sql`select current_setting('lock_timeout') as lock`)).rows).toEqual([
      { lock: "1ms" },
    ])
    await expect(launchRun(open, { table: "t", by: "d" })).rejects.toMatchObject({
      code: "CUTOVER_TIMEOUTS",
      message: expect.stringContaining("deadlock_timeout is 1ms") as string,
    })
  })

  it("is asked for when a run's options change", async () => {
    await using database = await createDatabase("ladder")
    await database.query("create table t (id int primary key, d date not null)")
    await using open = await services(database)
    const run = await launchRun(open, { table: "t", by: "d" })
    await database.query(`alter database ${database.name} set deadlock_timeout = '1ms'`)
    await using later = await services(database)
    await expect(set(later, run.id, { parallel: 3 })).rejects.toMatchObject({ code: "CUTOVER_TIMEOUTS" })
  })

  it("keeps a wait for a lock short with any deadlock_timeout", async () => {
    await using database = await createDatabase("ladder")
    await database.query(`alter database ${database.name} set deadlock_timeout = '1ms'`)
    const ours = new Database({ connectionString: database.url, applicationName: "cutover/test" })
    const holder = await database.pool.connect()
    await holder.query("begin; select pg_advisory_xact_lock(1)")
    await expect(ours.query(sql`select pg_advisory_lock(1)`)).rejects.toMatchObject({ code: "55P03" })
    await holder.query("rollback")
    holder.release()
    await ours.end()
  })
})
