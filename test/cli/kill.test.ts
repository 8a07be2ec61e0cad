import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import type { Status } from "../../src/domain/status.ts"
import { runCutover, startCutover } from "../support/cli.ts"
import { type TestDatabase, createDatabase, startServer } from "../support/database.ts"
import { killAfter } from "../support/killAfter.ts"
import { contentOf, partitionsOf } from "../support/oracle.ts"
import { randomOf } from "../support/random.ts"

const launchArgs = ["launch", "t", "--by", "d", "--writes", "block", "--batch-target", "30ms"]

async function createTable(database: TestDatabase, rows: number): Promise<void> {
  await database.query(`
    create table t (id bigint generated always as identity primary key, vendor text, d timestamptz not null, amount numeric(10, 2), note text);
    create index t_vendor on t (vendor, d);
    insert into t (d, vendor, amount, note)
    select timestamptz '2024-01-01 00:00+00' + g * (interval '366 days' / ${rows + 1}), 'v' || g % 97, g / 100.0, repeat(md5(g::text), 3)
    from generate_series(1, ${rows}) g`)
}

async function statusOf(database: TestDatabase): Promise<Status> {
  const { stdout, stderr } = await runCutover(database.url, ["status", "t", "--json"])
  if (stdout === "") throw new Error(stderr)
  return JSON.parse(stdout) as Status
}

/** The state of the one run; undefined while there is none. */
async function stateOf(database: TestDatabase): Promise<string | undefined> {
  const [found] = await database.query<{ there: boolean }>("select to_regclass('cutover.runs') is not null as there")
  if (found?.there !== true) return undefined
  return (await database.query<{ state: string }>("select state from cutover.runs"))[0]?.state
}

/** No month was begun twice, and what the ledger says of a month is what its table holds. */
async function expectExactlyOnce(database: TestDatabase): Promise<void> {
  const status = await statusOf(database)
  expect(status.partitions.filter((one) => one.attempts !== 1)).toEqual([])
  const rows = new Map((await partitionsOf(database, "t")).map((one) => [`public.${one.name}`, one.rows]))
  expect(status.partitions.map((one) => [one.table, one.rowsCopied])).toEqual(
    status.partitions.map((one) => [one.table, rows.get(one.table)]),
  )
  const twice = await database.query(
    "select partition from cutover.log where kind = 'partition.copied' group by run_id, partition having count(*) > 1",
  )
  expect(twice).toEqual([])
}

describe("a killed command", () => {
  it(
    "leaves a run that goes on from the last batch, whenever it is killed: twenty random moments",
    { timeout: 300_000 },
    async () => {
      const { seed, random } = randomOf(process.env.CUTOVER_TEST_SEED)
      for (let kills = 0, runs = 0; kills < 20; runs++) {
        await using database = await createDatabase("kill")
        await createTable(database, 150_000)
        const before = await contentOf(database, "t")
        for (let killsOfRun = 0; ;) {
          const isFirst = (await stateOf(database)) === undefined
          const command = startCutover(database.url, isFirst ? launchArgs : ["resume", "t"])
          // A run gets so many at most: on a slow machine one that is killed again and again would never end.
          const killing = killsOfRun < 10 ? killAfter(database, command, random() * 1_200) : undefined
          const { signal, code, stderr } = await command.ended
          await killing
          expect(
            signal === "SIGKILL" || code === 0,
            `exit ${code}, seed ${seed}, run ${runs}, kill ${kills}\n${stderr}`,
          ).toBe(true)
          if (signal === "SIGKILL") {
            kills += 1
            killsOfRun += 1
          }
          if ((await stateOf(database)) === "cleanup") break
        }
        expect(await contentOf(database, "t"), `seed ${seed}, run ${runs}`).toEqual(before)
        expect(await contentOf(database, "t_legacy"), `seed ${seed}, run ${runs}`).toEqual(before)
        await expectExactlyOnce(database)
      }
    },
  )

  it(
    "leaves a sweep of a shuffled heap that goes on from the last batch of each stripe",
    { timeout: 300_000 },
    async () => {
      const { seed, random } = randomOf(process.env.CUTOVER_TEST_SEED)
      await using database = await createDatabase("killsweep")
      await createTable(database, 150_000)
      await database.query(
        "create table s as select * from t order by md5(id::text); truncate t; insert into t overriding system value select * from s; drop table s",
      )
      const before = await contentOf(database, "t")
      for (let kills = 0; ; kills++) {
        const isFirst = (await stateOf(database)) === undefined
        const command = startCutover(database.url, isFirst ? launchArgs : ["resume", "t"])
        // The sweep is where it is killed; the last command is left to end by itself.
        const killing = kills < 8 ? killAfter(database, command, random() * 700) : undefined
        const { signal, code, stderr } = await command.ended
        await killing
        expect(signal === "SIGKILL" || code === 0, `exit ${code}, seed ${seed}, kill ${kills}\n${stderr}`).toBe(true)
        if ((await stateOf(database)) === "cleanup") break
      }
      expect(await database.query("select strategy from cutover.runs")).toEqual([{ strategy: "sweep" }])
      expect(await contentOf(database, "t"), `seed ${seed}`).toEqual(before)
      const status = await statusOf(database)
      const rows = new Map((await partitionsOf(database, "t")).map((one) => [`public.${one.name}`, one.rows]))
      expect(status.partitions.map((one) => [one.table, one.rowsCopied])).toEqual(
        status.partitions.map((one) => [one.table, rows.get(one.table)]),
      )
    },
  )

  it("is followed by a worker that takes its work over, long before a heartbeat could tell", async () => {
    await using database = await createDatabase("takeover")
    await createTable(database, 100_000)
    const before = await contentOf(database, "t")
    const launched = startCutover(database.url, launchArgs)
    await waitFor(database, "select 1 from cutover.batches having count(*) > 3")
    launched.process.kill("SIGKILL")
    await launched.ended
    const worker = startCutover(database.url, ["worker"])
    const [{ n } = { n: 0 }] = await database.query<{ n: number }>("select count(*)::int as n from cutover.batches")
    const startedAt = Date.now()
    await waitFor(database, `select 1 from cutover.batches having count(*) > ${n + 3}`)
    expect(Date.now() - startedAt).toBeLessThan(8_000)
    await waitFor(database, "select 1 from cutover.runs where state = 'cleanup'")
    worker.process.kill("SIGTERM")
    expect((await worker.ended).code).toBe(143)
    expect(await contentOf(database, "t")).toEqual(before)
    await expectExactlyOnce(database)
  })

  it("goes on by itself when PostgreSQL is killed and comes back", async () => {
    await using server = await startServer()
    await using database = await server.createDatabase("crash")
    await createTable(database, 150_000)
    const before = await contentOf(database, "t")
    const command = startCutover(database.url, launchArgs)
    for (const batches of [1, 6, 12]) {
      await waitFor(database, `select 1 from cutover.batches having count(*) >= ${batches}`, command.stderr)
      await server.killImmediately()
      await server.start()
    }
    const { code, stderr } = await command.ended
    expect(code, stderr).toBe(0)
    expect(await contentOf(database, "t")).toEqual(before)
    await expectExactlyOnce(database)
  })

  it("finishes the batch in flight on Ctrl-C, says how to resume, and exits with 130", async () => {
    await using database = await createDatabase("ctrlc")
    await createTable(database, 150_000)
    const before = await contentOf(database, "t")
    const command = startCutover(database.url, launchArgs)
    await waitFor(database, "select 1 from cutover.batches having count(*) > 3")
    command.process.kill("SIGINT")
    const { code, stderr } = await command.ended
    expect(code).toBe(130)
    expect(stderr).toContain("cutover resume")
    const open = await database.query(
      "select 1 from pg_stat_activity where application_name like 'cutover/%' and datname = current_database()",
    )
    expect(open).toEqual([])
    expect((await runCutover(database.url, ["resume", "t"])).code).toBe(0)
    expect(await contentOf(database, "t")).toEqual(before)
    await expectExactlyOnce(database)
  })
})

async function waitFor(database: TestDatabase, condition: string, explain: () => string = () => ""): Promise<void> {
  const deadline = Date.now() + 60_000
  for (;;) {
    const rows = await database.query(condition).catch(() => [])
    if (rows.length > 0) return
    if (Date.now() > deadline) throw new Error(`waited in vain for: ${condition}\n${explain()}`)
    await sleep(20)
  }
}
