import { randomBytes } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { abort } from "../src/runtime/commands/abort.ts"
import { openGate } from "../src/runtime/commands/attach.ts"
import { cleanupNow } from "../src/runtime/commands/cleanup.ts"
import { resume } from "../src/runtime/commands/resume.ts"
import { rollback } from "../src/runtime/commands/rollback.ts"
import type { OpenServices } from "../src/runtime/openServices.ts"
import { dumpWithPartitions } from "./support/catalogDump.ts"
import { runPlanByHand } from "./support/handRun.ts"
import { type TestDatabase, createDatabase, openDatabase } from "./support/database.ts"
import { contentOf, partitionsOf } from "./support/oracle.ts"
import { launchRun, services, waitForStatus, workUntil, workUntilQuiet, worker } from "./support/runs.ts"
import { mainMajor } from "./support/testClusters.ts"
import { createTruth, differencesFromTruth, startWriters } from "./support/writers.ts"

type Status = Awaited<ReturnType<typeof waitForStatus>>

const capture = { writes: "capture", monthsAhead: 1 } as const
const split = { table: "t_history", by: "d", options: capture } as const
const splitAtGate = { ...split, options: { ...capture, attach: "manual" } } as const

const atGate = ({ run }: Status): boolean => run.state === "attach" && run.control === "waiting"
const inWindow = ({ run }: Status): boolean => run.state === "cleanup" && run.control === "waiting"
const atRest = ({ run }: Status): boolean => run.finishedAt !== null || run.control === "halted"

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

/** What hangs on the whole, and comes to its partitions from there: an identity, foreign keys both ways, triggers. */
async function hangOnWhole(database: TestDatabase): Promise<void> {
  await database.query(`
    create table vendors (id int primary key);
    insert into vendors select generate_series(0, 9);
    alter table t add column vendor int;
    update t set vendor = id % 10;
    alter table t add constraint t_vendor foreign key (vendor) references vendors (id) on delete restrict;
    comment on constraint t_vendor on t is 'who sold it';
    create table notes (id bigint, d timestamptz, constraint notes_t foreign key (id, d) references t (id, d));
    insert into notes select id, d from t where id % 50 = 0;
    create table audit (id bigint, what text);
    create function note_it() returns trigger language plpgsql as $$ begin insert into audit values (coalesce(new.id, old.id), tg_op); return null; end $$;
    create trigger t_audit after insert or delete on t for each row execute function note_it();
    comment on trigger t_audit on t is 'audited';
    create trigger t_history_own after update on t_history for each row when (new.v = 'own') execute function note_it();
    alter table t alter column id add generated always as identity (start with 50000 increment by 5);
    grant select on sequence t_id_seq to public;
    comment on sequence t_id_seq is 'numbers'`)
}

/** What of a catalog is about other tables than the one that is split. */
function besidesHistory(lines: readonly string[]): string[] {
  return lines.filter((line) => !/t_history|cutover/.test(line)).map((line) => line.replaceAll("ONLY ", ""))
}

describe("a partition that is split", () => {
  it("becomes months in its place, and comes back", async () => {
    await using database = await createDatabase("split")
    await using open = await services(database)
    await createWhole(database)
    const before = [await dumpWithPartitions(database), await contentOf(database, "t")]

    const run = await launchRun(open, split)
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
      ["t_history_before", 0],
    ])
    await database.query("insert into t values (-1, '1999-12-31', 'older than all'); delete from t where id = -1")
    await rollback(open, run.id, "not yet")
    await waitForStatus(open, run.id, atRest)
    expect([await dumpWithPartitions(database), await contentOf(database, "t")]).toEqual(before)
  })

  it(
    "loses nothing that writers of eleven kinds write, there, back and there again",
    { timeout: 240_000 },
    async () => {
      await using database = await createDatabase("splitwrites")
      await using open = await services(database)
      await createTruth(database, 3_000)
      const relabelled = await launchRun(open, {
        table: "t",
        by: "d",
        options: { strategy: "relabel", monthsAhead: 2 },
      })
      await workUntilQuiet(open, relabelled.id)
      await cleanupNow(open, relabelled.id, { beforeWindow: true, reason: "test" })

      await using writers = await startWriters(database, 3_000, 1, { pauseMs: 60 })
      const first = await launchRun(open, split)
      {
        await using _ = await worker(open, first.id)
        expect((await waitForStatus(open, first.id, (one) => inWindow(one) || atRest(one))).run.error).toBeNull()
        await sleep(500)
        await rollback(open, first.id, null)
        expect((await waitForStatus(open, first.id, atRest)).run.error).toBeNull()
      }
      const second = await launchRun(open, split)
      {
        await using _ = await worker(open, second.id)
        expect((await waitForStatus(open, second.id, (one) => inWindow(one) || atRest(one))).run.error).toBeNull()
        await sleep(300)
      }
      const report = await writers.stop()

      expect(report.errors).toEqual([])
      expect(report.transactions).toBeGreaterThan(100)
      expect(await differencesFromTruth(database)).toEqual({ lost: 0, extra: 0 })
      expect((await partitionsOf(database, "t_history")).length).toBeGreaterThan(11)
      await cleanupNow(open, second.id, { beforeWindow: true, reason: "test" })
      expect(await database.query("select to_regclass('t_history_legacy') as legacy")).toEqual([{ legacy: null }])
      expect(await differencesFromTruth(database)).toEqual({ lost: 0, extra: 0 })
    },
  )

  it("sees what is written by either name, and rows that move in and out of it", async () => {
    await using database = await createDatabase("splitmoves")
    await using open = await services(database)
    await createWhole(database)
    const run = await launchRun(open, splitAtGate)
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, atGate)

    await database.query(`
      update t set d = d + interval '3 months' where id between 1 and 10;
      update t set d = d - interval '2 months' where id between 10001 and 10010;
      insert into t (id, d, v) values (20001, '2024-02-10', 'by the whole');
      insert into t_history (id, d, v) values (20002, '2023-11-10', 'by its own name');
      update t_history set v = 'changed' where id between 100 and 110;
      delete from t where id between 200 and 210`)
    const content = await contentOf(database, "t")
    await openGate(open, run.id)
    await waitForStatus(open, run.id, inWindow)

    expect(await contentOf(database, "t")).toEqual(content)
    expect((await partitionsOf(database, "t_history")).map((one) => one.name)).toContain("t_history_2023_11")
    await database.query(`
      insert into t (id, d, v) values (20003, '1999-12-31', 'older than all');
      update t set d = d + interval '3 months' where id between 11 and 20;
      update t set d = d - interval '2 months' where id between 10011 and 10020;
      truncate t_history_2024_02`)
    const after = await contentOf(database, "t")
    await rollback(open, run.id, null)
    await waitForStatus(open, run.id, atRest)
    expect(await contentOf(database, "t")).toEqual(after)
    expect((await partitionsOf(database, "t")).map((one) => one.name)).toEqual(["t_2024_04", "t_history"])
  })

  it.each(["the whole is", "it is"])("is empty where %s truncated, before the swap and after it", async (what) => {
    const truncate = `truncate ${what === "it is" ? "t_history" : "t"}`
    await using database = await createDatabase("splittruncate")
    await using open = await services(database)
    await createWhole(database)
    const run = await launchRun(open, splitAtGate)
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, atGate)
    await database.query(`${truncate}; insert into t values (1, '2024-02-02', 'first again')`)
    const before = await contentOf(database, "t")
    await openGate(open, run.id)
    await waitForStatus(open, run.id, inWindow)
    expect(await contentOf(database, "t")).toEqual(before)

    await database.query(`${truncate}; insert into t values (2, '2024-01-02', 'first once more')`)
    const after = await contentOf(database, "t")
    await rollback(open, run.id, null)
    await waitForStatus(open, run.id, atRest)
    expect(await contentOf(database, "t")).toEqual(after)
    expect((await contentOf(database, "t_history")).rows).toBe("1")
  })

  it("keeps what hangs on the whole: identity, foreign keys both ways, triggers", async () => {
    await using database = await createDatabase("splithangs")
    await using open = await services(database)
    await createWhole(database)
    await hangOnWhole(database)
    await database.query("insert into t (d, vendor) values ('2024-02-02', 1)")
    const before = await dumpWithPartitions(database)
    const content = await contentOf(database, "t")

    const run = await launchRun(open, split)
    await using _ = await worker(open, run.id)
    expect((await waitForStatus(open, run.id, (one) => inWindow(one) || atRest(one))).run.error).toBeNull()

    expect(besidesHistory(await dumpWithPartitions(database))).toEqual(besidesHistory(before))
    expect(await contentOf(database, "t")).toEqual(content)
    expect(await database.query("insert into t (d, vendor) values ('2024-02-02', 1) returning id")).toEqual([
      { id: "50005" },
    ])
    await expect(database.query("insert into t (d, vendor) values ('2024-02-02', 77)")).rejects.toMatchObject({
      code: "23503",
    })
    await expect(database.query("delete from t where id = 50")).rejects.toMatchObject({ code: "23503" })
    await expect(database.query("delete from vendors where id = 1")).rejects.toMatchObject({
      code: mainMajor >= 18 ? "23001" : "23503",
    })
    await database.query("update t set v = 'own' where id = 51; delete from t where id = 51")
    expect(await database.query("select what from audit where id in (51, 50005) order by 1")).toEqual([
      { what: "DELETE" },
      { what: "INSERT" },
      { what: "UPDATE" },
    ])
    await rollback(open, run.id, null)
    expect((await waitForStatus(open, run.id, atRest)).run.error).toBeNull()
    expect(await dumpWithPartitions(database)).toEqual(before)
    await database.query("insert into t (d, vendor) values ('2024-02-02', 1)")
  })

  it.runIf(mainMajor >= 17)("gives its months the identity of the whole, though ATTACH does not", async () => {
    await using database = await createDatabase("splitidentity")
    await using open = await services(database)
    await createWhole(database)
    await hangOnWhole(database)
    const run = await launchRun(open, split)
    await workUntil(open, run.id, inWindow)
    expect(
      await database.query("insert into t_history_2024_01 (d, vendor) values ('2024-01-02', 1) returning id"),
    ).toEqual([{ id: "50000" }])
  })

  it("is left the same by a run and by the plan's statements run by hand", async () => {
    await using byRun = await createDatabase("splitrun")
    await using byHand = await createDatabase("splithand")
    for (const database of [byRun, byHand]) {
      await createWhole(database)
      await hangOnWhole(database)
    }
    const content = await contentOf(byHand, "t")
    await using open = await services(byRun)
    const run = await launchRun(open, split)
    await workUntil(open, run.id, inWindow)
    await cleanupNow(open, run.id, { beforeWindow: true, reason: "test" })

    await runPlanByHand(byHand, split)
    await byHand.query("drop table t_history_legacy")

    expect(await contentOf(byHand, "t")).toEqual(content)
    expect(await dumpWithPartitions(byHand)).toEqual(await dumpWithPartitions(byRun))
  })

  it("is read by no scan in the swap, nor in a rollback, and no index is built there", async () => {
    await using database = await createDatabase("splitnoscan")
    await createWhole(database)
    // What this session has read so far is told at once, and not amid the run.
    await database.query("select pg_stat_force_next_flush()")
    const runId = await inSession(database, async (open) => {
      const run = await launchRun(open, splitAtGate)
      await workUntil(open, run.id, atGate)
      return run.id
    })
    const ready = await readScans(database)
    await inSession(database, async (open) => {
      await openGate(open, runId)
      await workUntil(open, runId, inWindow)
    })
    const swapped = await readScans(database)
    expect(swapped.months).toMatchObject(ready.months)
    // The one scan proves the bounds of the legacy table, after the swap.
    expect(swapped.heap).toEqual({ scans: (ready.heap?.scans ?? 0) + 1, indexes: ready.heap?.indexes })

    await inSession(database, async (open) => {
      await rollback(open, runId, null)
      await workUntil(open, runId, atRest)
    })
    expect((await readScans(database)).heap).toEqual(swapped.heap)
  })

  it("halts where it is detached meanwhile, or its whole gets what a launch would refuse", async () => {
    await using database = await createDatabase("splitdrift")
    await using open = await services(database)
    await createWhole(database)
    const run = await launchRun(open, splitAtGate)
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, atGate)

    await database.query("alter table t detach partition t_history")
    const { run: detached } = await waitForStatus(open, run.id, atRest)
    expect(detached.error?.message).toMatch(/its being a partition: changed/)
    await database.query(
      "alter table t attach partition t_history for values from (minvalue) to ('2024-04-01 00:00+00')",
    )
    await resume(open, run.id)
    await waitForStatus(open, run.id, atGate)

    await database.query("create table t_default partition of t default")
    await openGate(open, run.id)
    const { run: refused } = await waitForStatus(open, run.id, atRest)
    expect(refused.error?.message).toMatch(
      /has a default partition, public\.t_default, which would be read under the lock/,
    )
    await database.query(
      "drop table t_default; create table t_2024_05 partition of t for values from ('2024-05-01 00:00+00') to ('2024-06-01 00:00+00')",
    )
    await resume(open, run.id)
    await waitForStatus(open, run.id, inWindow)
    expect((await partitionsOf(database, "t")).map((one) => one.name)).toEqual(["t_2024_04", "t_2024_05", "t_history"])
  })

  it("cannot come back where its whole got an index that would be built under the lock, until it has one like it", async () => {
    await using database = await createDatabase("splitnoway")
    await using open = await services(database)
    await createWhole(database)
    const run = await launchRun(open, split)
    await using _ = await worker(open, run.id)
    await waitForStatus(open, run.id, inWindow)
    await database.query("create index t_v on t (v)")
    const before = await partitionsOf(database, "t_history")

    await expect(rollback(open, run.id, null)).rejects.toMatchObject({
      code: "CUTOVER_NO_WAY_BACK",
      message: expect.stringContaining("t_v"),
    })
    expect(await partitionsOf(database, "t_history")).toEqual(before)
    await database.query("create index t_history_v on t_history_legacy (v)")
    await rollback(open, run.id, null)
    expect((await waitForStatus(open, run.id, atRest)).run).toMatchObject({ error: null })
    expect(await partitionsOf(database, "t_history")).toEqual([])
  })

  it("is split beside another partition of its whole, one on its way at a time, and each comes back", async () => {
    await using database = await createDatabase("splitboth")
    await using open = await services(database)
    await createWhole(database)
    await hangOnWhole(database)
    const before = [await dumpWithPartitions(database), await contentOf(database, "t")]
    const first = await launchRun(open, splitAtGate)
    await workUntil(open, first.id, atGate)
    const other = { ...split, table: "t_2024_04", options: { ...capture, interval: "week" } } as const
    await expect(launchRun(open, other)).rejects.toMatchObject({
      code: "CUTOVER_SPLIT_REFUSED",
      message: expect.stringContaining(`run ${first.id} splits public.t_history, another partition of public.t`),
    })
    await openGate(open, first.id)
    await workUntil(open, first.id, inWindow)

    const second = await launchRun(open, other)
    await workUntil(open, second.id, inWindow)

    expect(await contentOf(database, "t")).toEqual(before[1])
    const weeks = (await partitionsOf(database, "t_2024_04")).map((one) => one.bound)
    expect(weeks.at(0)).toBe("FOR VALUES FROM ('2024-04-01 00:00:00+00') TO ('2024-04-08 00:00:00+00')")
    for (const { id } of [first, second]) {
      await rollback(open, id, null)
      expect((await workUntil(open, id, atRest)).run.error).toBeNull()
    }
    expect([await dumpWithPartitions(database), await contentOf(database, "t")]).toEqual(before)
  })

  it("ends its first and last intervals where its place does", async () => {
    await using database = await createDatabase("splitedges")
    await using open = await services(database)
    await createWhole(database)
    await database.query(`
      create table t_may partition of t for values from ('2024-05-10 00:00+00') to ('2024-06-20 00:00+00');
      insert into t select g, timestamptz '2024-05-10 00:00+00' + g * interval '1 hour', 'may' from generate_series(0, 983) g`)
    const content = await contentOf(database, "t")
    const run = await launchRun(open, { ...split, table: "t_may" })
    await workUntil(open, run.id, inWindow)

    expect(await partitionsOf(database, "t_may")).toEqual([
      {
        name: "t_may_2024_05",
        bound: "FOR VALUES FROM ('2024-05-10 00:00:00+00') TO ('2024-06-01 00:00:00+00')",
        rows: 528,
      },
      {
        name: "t_may_2024_06",
        bound: "FOR VALUES FROM ('2024-06-01 00:00:00+00') TO ('2024-06-20 00:00:00+00')",
        rows: 456,
      },
    ])
    expect(await contentOf(database, "t")).toEqual(content)
  })

  it("is split, and put back, by a role that owns the tables and is no superuser", async () => {
    await using database = await createDatabase("splitrole")
    const role = `splitter_${randomBytes(4).toString("hex")}`
    await database.query(`
      create role ${role} login password 'r'; grant pg_monitor to ${role};
      grant create on database ${database.name} to ${role}; grant usage, create on schema public to ${role}`)
    const url = new URL(database.url)
    Object.assign(url, { username: role, password: "r" })
    const asRole = openDatabase(database.name, url.href)
    try {
      await createWhole(asRole)
      await hangOnWhole(asRole)
      const before = [await dumpWithPartitions(database), await contentOf(database, "t")]
      await using open = await services(asRole)
      const run = await launchRun(open, split)
      await workUntil(open, run.id, inWindow)
      await rollback(open, run.id, null)
      expect((await workUntil(open, run.id, atRest)).run.error).toBeNull()
      expect([await dumpWithPartitions(database), await contentOf(database, "t")]).toEqual(before)
    } finally {
      await asRole.pool.end()
      await database.query(`drop owned by ${role} cascade; drop role ${role}`)
    }
  })

  it("leaves the partition that was as it is, where no way back is kept", async () => {
    await using database = await createDatabase("splitnoback")
    await using open = await services(database)
    await createWhole(database)
    const content = await contentOf(database, "t")
    const run = await launchRun(open, { ...split, options: { ...capture, fallbackWindowMs: 0 } })
    await workUntil(open, run.id, inWindow)

    expect(await contentOf(database, "t")).toEqual(content)
    expect(await database.query("select conname from pg_constraint where conname like 'cutover%'")).toEqual([])
    await expect(rollback(open, run.id, null)).rejects.toMatchObject({ code: "CUTOVER_NO_WAY_BACK" })
  })

  it("is as it was after an abort at the gate", async () => {
    await using database = await createDatabase("splitabort")
    await using open = await services(database)
    await createWhole(database)
    await hangOnWhole(database)
    const before = [await dumpWithPartitions(database), await contentOf(database, "t")]
    const run = await launchRun(open, splitAtGate)
    await workUntil(open, run.id, atGate)

    await abort(open, run.id)

    expect([await dumpWithPartitions(database), await contentOf(database, "t")]).toEqual(before)
  })
})

const whole =
  "create table t (id int, d date, e date, primary key (id, d)) partition by range (d); create table t_history partition of t for values from (minvalue) to ('2025-01-01')"
const inOtherWhole = (by: string, bounds: string): string =>
  `create table t (id int, d date, e date) partition by ${by}; create table t_history partition of t ${bounds}`

describe("a partition is not split, and nothing is changed, where", () => {
  it.each([
    {
      what: "the whole is partitioned by list",
      sql: inOtherWhole("list (d)", "for values in ('2024-01-01')"),
      says: /is not partitioned by range of one column/,
    },
    {
      what: "the whole is partitioned by two columns",
      sql: inOtherWhole("range (d, id)", "for values from ('2024-01-01', 0) to ('2025-01-01', 0)"),
      says: /is not partitioned by range of one column/,
    },
    {
      what: "the whole is partitioned by an expression",
      sql: inOtherWhole("range ((d + 1))", "for values from ('2024-01-01') to ('2025-01-01')"),
      says: /is not partitioned by range of one column/,
    },
    {
      what: "the whole is partitioned by another column",
      sql: inOtherWhole("range (e)", "for values from ('2024-01-01') to ('2025-01-01')"),
      says: /public\.t is partitioned by e and not by d/,
    },
    {
      what: "it is the default partition",
      sql: inOtherWhole("range (d)", "default"),
      says: /it is the default partition/,
    },
    {
      what: "the whole has a default partition",
      sql: `${whole}; create table t_rest partition of t default`,
      says: /has a default partition, public\.t_rest, which would be read under the lock/,
    },
    {
      what: "the whole is a partition itself",
      sql: `${whole}; create table top (id int not null, d date not null, e date) partition by range (d); alter table top attach partition t for values from (minvalue) to ('2026-01-01')`,
      says: /public\.t is itself a partition/,
    },
    {
      what: "an index of the whole is not valid",
      sql: `${whole}; create index t_e on only t (e)`,
      says: /index public\.t_e of public\.t is not valid/,
    },
    {
      what: "a trigger of the whole is disabled on it",
      sql: `${whole}; create function f() returns trigger language plpgsql as 'begin return null; end'; create trigger audit after insert on t for each row execute function f(); alter table t_history disable trigger audit`,
      says: /trigger audit is enabled otherwise than on public\.t/,
    },
    {
      what: "it has a constraint of the name that its bounds get",
      sql: `${whole}; alter table t_history add constraint cutover_place check (id > 0)`,
      code: "CUTOVER_NAME_TAKEN",
      says: /has a constraint cutover_place/,
    },
    {
      what: "the whole points to itself",
      sql: `${whole}; alter table t add column up int; alter table t add foreign key (up, e) references t (id, d)`,
      says: /foreign key t_up_e_fkey of public\.t points to itself/,
    },
    {
      what: "a publication names it",
      sql: `${whole}; create publication p for table t_history`,
      says: /publication p names it, and would not name its months/,
    },
    {
      what: "a publication names its partitions one by one",
      sql: `${whole}; create publication p for table t`,
      says: /publication p publishes the partitions of public\.t under their own names/,
    },
    {
      what: "a table has the name of its successor",
      sql: `${whole}; create table t_history_partitioned (n int)`,
      says: /public\.t_history_partitioned exists, and a scaffold in its place cannot be adopted/,
    },
    { what: "it is to be relabelled", sql: whole, options: { strategy: "relabel" }, says: /it is a partition already/ },
    {
      what: "rows without a key are to have a place",
      sql: whole,
      options: { nullKeys: "default-partition" },
      says: /no row without a key is in a range/,
    },
  ] as const)("$what", async ({ sql, says, ...rest }) => {
    const code = "code" in rest ? rest.code : "CUTOVER_SPLIT_REFUSED"
    await using database = await createDatabase("splitrefused")
    await using open = await services(database)
    await database.query(sql)
    const before = await dumpWithPartitions(database)

    const launched = launchRun(open, { ...split, options: { ...capture, ...("options" in rest ? rest.options : {}) } })

    await expect(launched).rejects.toMatchObject({
      code,
      message: expect.stringMatching(says),
    })
    expect(await dumpWithPartitions(database)).toEqual(before)
  })

  it.runIf(mainMajor >= 17)("something else draws from the sequence of the whole's identity", async () => {
    await using database = await createDatabase("splitsequence")
    await using open = await services(database)
    await createWhole(database)
    await hangOnWhole(database)
    await database.query("create table other (id bigint default nextval('t_id_seq'))")

    await expect(launchRun(open, split)).rejects.toMatchObject({
      code: "CUTOVER_SPLIT_REFUSED",
      message: expect.stringMatching(/default value for column id of table public\.other uses public\.t_id_seq/),
    })
  })

  it("the run that made the whole could still be rolled back", async () => {
    await using database = await createDatabase("splitwindow")
    await using open = await services(database)
    await createTruth(database, 500)
    const relabelled = await launchRun(open, { table: "t", by: "d", options: { strategy: "relabel", monthsAhead: 2 } })
    await workUntilQuiet(open, relabelled.id)

    await expect(launchRun(open, split)).rejects.toMatchObject({
      code: "CUTOVER_SPLIT_REFUSED",
      message: expect.stringMatching(
        new RegExp(
          `run ${relabelled.id} of public\\.t is open, with a fallback window until .* UTC, and could not be rolled back any more`,
        ),
      ),
      hint: expect.stringContaining(`cutover cleanup ${relabelled.id} --confirm public.t --before-window`),
    })
    await rollback(open, relabelled.id, null)
    await workUntil(open, relabelled.id, atRest)
    expect(await differencesFromTruth(database)).toEqual({ lost: 0, extra: 0 })
  })
})

/** Services of their own for some work. Statistics of a session are written at its end at the latest. */
async function inSession<T>(database: TestDatabase, work: (open: OpenServices) => Promise<T>): Promise<T> {
  const result = await (async () => {
    await using open = await services(database)
    return await work(open)
  })()
  await expect
    .poll(
      async () =>
        await database.query(
          "select from pg_stat_activity where datname = current_database() and application_name like 'cutover/%'",
        ),
      { timeout: 15_000 },
    )
    .toEqual([])
  return result
}

type Scans = { readonly scans: number; readonly indexes: number }

/** How often the heap that was there before, and each of the months, were read from end to end, and how many indexes they have. */
async function readScans(database: TestDatabase): Promise<{ heap: Scans | undefined; months: Record<string, Scans> }> {
  const rows = await database.query<{ name: string } & Scans>(`
    select s.relname as name, s.seq_scan::int as scans, (select count(*)::int from pg_index i where i.indrelid = s.relid) as indexes
    from pg_stat_all_tables s
    where s.relname ~ '^t_history' and s.relid in (select oid from pg_class where relkind = 'r')`)
  const all = Object.fromEntries(rows.map(({ name, ...scans }) => [name, scans]))
  const { t_history: before, t_history_legacy: after, ...months } = all
  return { heap: after ?? before, months }
}
