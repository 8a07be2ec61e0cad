import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { describe, expect, it } from "vitest"
import { doctor } from "../../src/runtime/commands/doctor.ts"
import type { TestServer } from "../support/database.ts"
import { launchRun, services, waitForStatus, worker } from "../support/runs.ts"
import { type ServerPair, startPair } from "../support/serverPair.ts"

async function connect(server: TestServer, database = "postgres"): Promise<pg.Client & AsyncDisposable> {
  const url = new URL(server.url)
  url.pathname = database
  const client = new pg.Client({ connectionString: url.href, application_name: "report" })
  client.on("error", () => {})
  await client.connect()
  return Object.assign(client, { [Symbol.asyncDispose]: async () => await client.end() })
}

/** The standby tells the primary which snapshots it has, once a second; its slot keeps them where it has one. */
async function tellOfSnapshots(pair: ServerPair, slot: string | null): Promise<void> {
  await using primary = await connect(pair.primary)
  await using standby = await connect(pair.standby)
  if (slot !== null) {
    await primary.query("select pg_create_physical_replication_slot($1)", [slot])
    await standby.query(`alter system set primary_slot_name = '${slot}'`)
  }
  await standby.query("alter system set hot_standby_feedback = on")
  await standby.query("alter system set wal_receiver_status_interval = 1")
  await standby.query("select pg_reload_conf()")
  const told = `
    select from pg_stat_replication w left join pg_replication_slots s on s.active_pid = w.pid
    where coalesce(w.backend_xmin, s.xmin) is not null`
  while ((await primary.query(told)).rowCount === 0) await sleep(50)
}

const silent = expect.objectContaining({ code: "CUTOVER_REPLICA_FEEDBACK", level: "warn" }) as unknown

describe.each([
  { how: "by its connection", slot: null },
  { how: "by its slot", slot: "of_standby" },
])("a report on a replica that tells the primary of its snapshots $how", ({ slot }) => {
  it("keeps the swap waiting, which says for whom, for it would read an empty table; and lets it come when it is over", async () => {
    await using pair = await startPair()
    await using database = await pair.primary.createDatabase("replicas")
    await using open = await services(database)
    await database.query(`
      create table t (id int primary key, d date not null);
      insert into t select g, date '2024-01-01' + g % 90 from generate_series(1, 3000) g;
      create table other as select 1 as x`)
    await pair.catchUp()
    expect((await doctor(open, null)).findings).toContainEqual(silent)
    await tellOfSnapshots(pair, slot)
    expect((await doctor(open, null)).findings).not.toContainEqual(silent)
    await using report = await connect(pair.standby, database.name)
    await report.query("begin isolation level repeatable read; select x from other")

    const options = { writes: "capture", monthsAhead: 0, monthsBack: 0 } as const
    const run = await launchRun(open, { table: "t", by: "d", options })
    await using _ = await worker(open, run.id)
    const waiting = await waitForStatus(open, run.id, (one) => one.run.control === "waiting")
    expect(waiting.run.state).toBe("attach")
    expect(waiting.run.reason).toContain("an old snapshot: replica standby reports one")
    expect((await report.query("select count(*)::int as n from t")).rows).toEqual([{ n: 3000 }])
    await report.query("commit")
    await waitForStatus(open, run.id, (one) => one.run.state === "cleanup")
    await pair.catchUp()
    expect((await report.query("select count(*)::int as n from t")).rows).toEqual([{ n: 3000 }])
  })
})
