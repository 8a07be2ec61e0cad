import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createLogger } from "../../src/log/createLogger.ts"
import { Worker } from "../../src/runtime/Worker.ts"
import { openGate } from "../../src/runtime/commands/attach.ts"
import { cleanupNow } from "../../src/runtime/commands/cleanup.ts"
import { pause } from "../../src/runtime/commands/pause.ts"
import { rollback } from "../../src/runtime/commands/rollback.ts"
import { verify } from "../../src/runtime/commands/verify.ts"
import { type OpenServices, openServices } from "../../src/runtime/openServices.ts"
import { ensureInstalled } from "../../src/store/install.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { contentOf, namesOf, partitionsOf } from "../support/oracle.ts"
import { launchRun, waitForStatus } from "../support/runs.ts"
import { hostileNames } from "./hostileNames.ts"
import { type HostileTable, hostileTable } from "./hostileTable.ts"

let database: TestDatabase
let open: OpenServices
let worker: Worker

beforeAll(async () => {
  database = await createDatabase("hostile")
  await database.query(`
    create schema canary;
    create table canary.x as select g as n from generate_series(1, 10) g;
    create table public.x as select g as n from generate_series(1, 10) g;
    create table canary.firings (name text, tables text);
    create function canary.fired() returns trigger language plpgsql as $$
    begin
      insert into canary.firings values (tg_name, tg_relid::regclass::text);
      return null;
    end $$`)
  open = await openServices({
    connectionString: database.url,
    role: "test",
    actor: "tester@test",
    logger: createLogger("silent"),
    supervise: true,
    connections: 16,
  })
  await ensureInstalled(open.database)
  worker = await Worker.start(open, { lanes: 4 })
})

afterAll(async () => {
  await worker.stop()
  await open.close()
  await database.drop()
})

/** Writes that the run has to carry over: inserted, moved to another month, deleted. */
async function write(table: HostileTable): Promise<void> {
  for (const statement of [table.insert, table.update, table.touch, table.delete]) await database.query(statement)
}

async function kindOf(table: HostileTable): Promise<unknown> {
  const [row] = await database.query<{ kind: string }>(
    "select relkind as kind from pg_class where oid = $1::regclass",
    [table.table],
  )
  return row?.kind
}

async function firings(table: HostileTable): Promise<number> {
  const [row] = await database.query<{ n: number }>("select count(*)::int as n from canary.firings where name = $1", [
    table.trigger,
  ])
  return row?.n ?? 0
}

async function canaries(): Promise<unknown> {
  return await database.query(`
    select (select count(*)::int from canary.x) as canary, (select count(*)::int from public.x) as public,
           (select array_agg(relname::text order by relname) from pg_class
            where relnamespace in ('canary'::regnamespace, 'public'::regnamespace)) as relations`)
}

describe.concurrent("a table all of whose names are hostile", () => {
  it.for(hostileNames.map((one, n) => ({ ...one, n, shown: JSON.stringify(one.name) })))(
    "goes through a whole run: $shown $what",
    async ({ name, n }, { onTestFailed }) => {
      const table = hostileTable(name)
      await database.query(table.setup)
      const untouched = await canaries()
      const before = await namesOf(database, table.table)

      const run = await launchRun(open, {
        table: table.table,
        by: table.key,
        options: { writes: "capture", attach: "manual", monthsBack: 0, monthsAhead: 0 },
      })
      // A run that goes on would take the worker's time from the others.
      onTestFailed(async () => void (await pause(open, run.id, { reason: "the test failed", forMs: null })))
      await waitForStatus(open, run.id, (one) => one.run.control !== "running" && one.run.reason !== null)
      await write(table)
      const content = await contentOf(database, table.table)
      await openGate(open, run.id)
      const status = await waitForStatus(
        open,
        run.id,
        (one) => one.run.control === "halted" || (one.run.state === "cleanup" && one.run.control === "waiting"),
      )
      expect(status.run).toMatchObject({ state: "cleanup", error: null })
      expect(await kindOf(table)).toBe("p")
      expect(await contentOf(database, table.table)).toEqual(content)
      expect(await namesOf(database, table.table)).toEqual(before)
      expect((await partitionsOf(database, table.table)).reduce((all, one) => all + one.rows, 0)).toBe(80)

      // Two inserted, and two moved to another partition, which is a DELETE and an INSERT there.
      const fired = await firings(table)
      await write(table)
      expect(await firings(table)).toBe(fired + 4)
      const written = await contentOf(database, table.table)
      expect(await database.query(`select count(*)::int as rows from ${table.view}`)).toEqual([
        { rows: Number(written.rows) },
      ])
      // A rollback replays them itself; a cleanup would throw them away unread. The legacy table rests two seconds between rounds.
      if (n % 2 !== 0) await waitForStatus(open, run.id, (one) => one.totals.changesPending === 0)
      expect(await verify(open, run.id)).toMatchObject({ equal: true })
      if (n % 2 === 0) await rollback(open, run.id, name)
      else await cleanupNow(open, run.id, { beforeWindow: true, reason: name })
      await waitForStatus(open, run.id, (one) => one.run.finishedAt !== null || one.run.control === "halted")
      expect(await kindOf(table)).toBe(n % 2 === 0 ? "r" : "p")
      expect(await contentOf(database, table.table)).toEqual(written)
      expect(await namesOf(database, table.table)).toEqual(before)
      expect(await canaries()).toEqual(untouched)
    },
  )
})
