import { describe, expect, it } from "vitest"
import { abort } from "../../src/runtime/commands/abort.ts"
import { cleanupNow } from "../../src/runtime/commands/cleanup.ts"
import { rollback } from "../../src/runtime/commands/rollback.ts"
import { type TestDatabase, startServer } from "../support/database.ts"
import { dumpCatalog } from "../support/catalogDump.ts"
import { contentOf, partitionsOf } from "../support/oracle.ts"
import { launchRun, services, waitForStatus, workUntil, worker } from "../support/runs.ts"

/** The defaults of a small server: its lock table has room for about 64 × 25 locks, and a little. */
const small = { max_connections: "25", max_locks_per_transaction: "64" }

/** Twenty years of months, and ten indexes. */
async function createTable(database: TestDatabase): Promise<void> {
  await database.query(`
    create table t (id int primary key, d date not null, a int, b int, c int, e int, f text);
    insert into t select g, date '2004-01-01' + (g * 3) % 7300, g, g, g, g, 'v' from generate_series(1, 7200) g;
    create index on t (d); create index on t (a); create index on t (b); create index on t (c); create index on t (e);
    create index on t (f); create index on t (a, b); create index on t (b, c); create index on t (c, e)`)
}

const options = { writes: "capture", monthsAhead: 0, monthsBack: 0 } as const

describe("240 partitions with ten indexes each, on a server with few locks", () => {
  it("are made, swapped, and the legacy table dropped", { timeout: 300_000 }, async () => {
    await using server = await startServer(18, small)
    await using database = await server.createDatabase("many")
    await using open = await services(database)
    await createTable(database)
    const before = await contentOf(database, "t")
    const run = await launchRun(open, { table: "t", by: "d", options })
    await using _ = await worker(open, run.id)
    const status = await waitForStatus(
      open,
      run.id,
      (one) => one.run.state === "cleanup" || one.run.control === "halted",
      240_000,
    )
    expect(status.run).toMatchObject({ state: "cleanup", error: null })
    expect((await partitionsOf(database, "t")).length).toBeGreaterThanOrEqual(240)
    expect(await contentOf(database, "t")).toEqual(before)
    await database.query("update t set f = 'w' where id < 100")
    await cleanupNow(open, run.id, { beforeWindow: true, reason: "test" })
  })

  it("are swapped back, and dropped; and a run can be aborted before", { timeout: 300_000 }, async () => {
    await using server = await startServer(15, small)
    await using database = await server.createDatabase("manyback")
    await using open = await services(database)
    await createTable(database)
    const before = await dumpCatalog(database)
    const aborted = await launchRun(open, { table: "t", by: "d", options })
    await workUntil(open, aborted.id, (one) => one.totals.copied >= 40 || one.run.control === "halted")
    await abort(open, aborted.id)
    expect(await dumpCatalog(database)).toEqual(before)
    const run = await launchRun(open, { table: "t", by: "d", options })
    await using _ = await worker(open, run.id)
    const status = await waitForStatus(
      open,
      run.id,
      (one) => one.run.state === "cleanup" || one.run.control === "halted",
      240_000,
    )
    expect(status.run).toMatchObject({ state: "cleanup", error: null })
    await database.query("update t set f = 'w' where id < 100")
    const content = await contentOf(database, "t")
    await rollback(open, run.id, null)
    const ended = await waitForStatus(
      open,
      run.id,
      (one) => one.run.finishedAt !== null || one.run.control === "halted",
    )
    expect(ended.run).toMatchObject({ state: "rolledBack", error: null })
    expect(await contentOf(database, "t")).toEqual(content)
    expect(await dumpCatalog(database)).toEqual(before)
  })
})
