import { describe, expect, it } from "vitest"
import { rollback } from "../src/runtime/commands/rollback.ts"
import { dumpWithPartitions } from "./support/catalogDump.ts"
import { type TestDatabase, createDatabase } from "./support/database.ts"
import { contentOf, partitionsOf } from "./support/oracle.ts"
import { launchRun, services, waitForStatus, worker } from "./support/runs.ts"

const capture = { writes: "capture", monthsAhead: 1 } as const

/** What a relabelled table is after its run, made by hand: all of the past in one partition, and a month ahead. */
async function createWhole(database: TestDatabase): Promise<void> {
  await database.query(`
    create table t (id bigint not null, d timestamptz not null, v text, constraint t_pkey primary key (id, d), constraint v_short check (length(v) < 100))
      partition by range (d);
    create index t_d on t (d);
    create table t_history (id bigint not null, d timestamptz not null, v text, constraint v_short check (length(v) < 100));
    insert into t_history select g, timestamptz '2024-01-01 00:00+00' + g * interval '1 hour', 'v' || g from generate_series(1, 2000) g;
    alter table t attach partition t_history for values from (minvalue) to ('2024-04-01 00:00+00');
    create table t_2024_04 partition of t for values from ('2024-04-01 00:00+00') to ('2024-05-01 00:00+00');
    insert into t select 10000 + g, timestamptz '2024-04-01 00:00+00' + g * interval '1 hour', 'w' || g from generate_series(1, 100) g`)
}

const inWindow = (status: Awaited<ReturnType<typeof waitForStatus>>): boolean =>
  status.run.state === "cleanup" && status.run.control === "waiting"

describe("a partition that is split", () => {
  it("becomes months in its place, and comes back", async () => {
    await using database = await createDatabase("split")
    await using open = await services(database)
    await createWhole(database)
    const before = [await dumpWithPartitions(database), await contentOf(database, "t")]

    const run = await launchRun(open, { table: "t_history", by: "d", options: capture })
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, inWindow)

    expect(await contentOf(database, "t")).toEqual(before[1])
    expect((await partitionsOf(database, "t")).map((one) => [one.name, one.bound])).toEqual([
      ["t_2024_04", "FOR VALUES FROM ('2024-04-01 00:00:00+00') TO ('2024-05-01 00:00:00+00')"],
      ["t_history", "FOR VALUES FROM (MINVALUE) TO ('2024-04-01 00:00:00+00')"],
    ])
    expect((await partitionsOf(database, "t_history")).map((one) => [one.name, one.rows])).toEqual([
      ["t_history_2024_01", 743],
      ["t_history_2024_02", 696],
      ["t_history_2024_03", 561],
    ])
    await rollback(open, run.id, "not yet")
    await waitForStatus(open, run.id, (one) => one.run.finishedAt !== null)
    expect([await dumpWithPartitions(database), await contentOf(database, "t")]).toEqual(before)
  })
})
