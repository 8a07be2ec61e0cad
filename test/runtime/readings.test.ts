import { describe, expect, it, vi } from "vitest"
import { rollback } from "../../src/runtime/commands/rollback.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { launchRun, services, waitForStatus, workUntil, workUntilQuiet, worker } from "../support/runs.ts"

/** Two views, of which the second cannot be filled while somebody holds an advisory lock, and a key to be read. */
const tables = `
  create table t (id int, d date not null, v text, primary key (id, d));
  insert into t select g, date '2024-01-01' + g % 60, 'v' from generate_series(1, 500) g;
  create table child (t_id int, t_d date, foreign key (t_id, t_d) references t (id, d));
  insert into child select id, d from t;
  create function when_free() returns text language sql volatile
    return (select 'free' from (select pg_catalog.pg_advisory_xact_lock_shared(7)) as free);
  create materialized view first_view as select v, count(*) from t group by v;
  create materialized view second_view as select public.when_free() as free, count(*) from t`

const input = { table: "t", by: "d", options: { writes: "capture", materializedViews: "recreate" } } as const

type Left = { readonly first: boolean; readonly second: boolean; readonly key: boolean }

async function readLeft(database: TestDatabase): Promise<Left | undefined> {
  const [left] = await database.query<Left>(`
    select (select relispopulated from pg_class where relname = 'first_view') as first,
           (select relispopulated from pg_class where relname = 'second_view') as second,
           (select bool_and(convalidated) from pg_constraint where conrelid = 'child'::regclass and contype = 'f') as key`)
  return left
}

async function untilLeft(database: TestDatabase, left: Left): Promise<void> {
  await vi.waitFor(async () => expect(await readLeft(database)).toEqual(left), { timeout: 60_000, interval: 100 })
}

describe("what is left to read", () => {
  it("after a swap is read one at a time: what cannot be read yet leaves done what was before it", async () => {
    await using database = await createDatabase("readings")
    await using open = await services(database)
    await database.query(tables)
    const run = await launchRun(open, input)
    const holder = await database.pool.connect()
    await holder.query("select pg_advisory_lock(7)")
    await using _ = await worker(open, run.id)
    await untilLeft(database, { first: true, second: false, key: false })
    await holder.query("select pg_advisory_unlock(7)")
    holder.release()
    await waitForStatus(open, run.id, ({ run: { state } }) => state === "cleanup")
    expect(await readLeft(database)).toEqual({ first: true, second: true, key: true })
  })

  it("after a rollback is read one at a time, too", async () => {
    await using database = await createDatabase("readings")
    await using open = await services(database)
    await database.query(tables)
    const run = await launchRun(open, input)
    await workUntilQuiet(open, run.id)
    await rollback(open, run.id, null)
    const holder = await database.pool.connect()
    await holder.query("select pg_advisory_lock(7)")
    const ending = workUntil(open, run.id, ({ run: { finishedAt } }) => finishedAt !== null)
    await untilLeft(database, { first: true, second: false, key: false })
    await holder.query("select pg_advisory_unlock(7)")
    holder.release()
    await ending
    expect(await readLeft(database)).toEqual({ first: true, second: true, key: true })
  })
})
