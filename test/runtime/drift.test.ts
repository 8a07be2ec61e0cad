import { describe, expect, it } from "vitest"
import { abort } from "../../src/runtime/commands/abort.ts"
import { openGate } from "../../src/runtime/commands/attach.ts"
import { resume } from "../../src/runtime/commands/resume.ts"
import { createDatabase } from "../support/database.ts"
import { catalogOf } from "../support/oracle.ts"
import { launchRun, services, workUntil, workUntilQuiet } from "../support/runs.ts"
import { createTruth, differencesFromTruth } from "../support/writers.ts"

/** What somebody does to the table in mid-run, what undoes it, and how the run calls it. */
const changes: readonly (readonly [string, string, string | null, string])[] = [
  [
    "adds a column",
    "alter table t add column surprise int",
    "alter table t drop column surprise",
    "column surprise: new",
  ],
  ["drops a column", "alter table t drop column note", null, "column note: gone"],
  ["changes a column's type", "alter table t alter amount type numeric(12, 2)", null, "column amount: changed"],
  [
    "renames a column",
    "alter table t rename note to remark",
    "alter table t rename remark to note",
    "column remark: new",
  ],
  [
    "changes a default",
    "alter table t alter vendor set default 'x'",
    "alter table t alter vendor drop default",
    "column vendor: changed",
  ],
  [
    "sets a column NOT NULL",
    "update t set vendor = 'x' where vendor is null; alter table t alter vendor set not null",
    "alter table t alter vendor drop not null",
    "column vendor: changed",
  ],
  ["adds an index", "create index surprise on t (amount)", "drop index surprise", "index surprise: new"],
  ["drops an index", "drop index t_vendor", "create index t_vendor on t (vendor, d)", "index t_vendor: gone"],
  [
    "adds a constraint",
    "alter table t add constraint surprise check (amount > -1000000)",
    "alter table t drop constraint surprise",
    "check surprise: new",
  ],
  ["renames the table", "alter table t rename to u", "alter table u rename to t", "name: changed"],
  [
    "changes storage options",
    "alter table t set (fillfactor = 70)",
    "alter table t set (fillfactor = 90)",
    "storage options: changed",
  ],
]

const capture = { writes: "capture", batchTargetMs: 20 } as const

describe.each(changes)("somebody who %s in mid-run", (_what, change, undo, called) => {
  it("halts the copy with the difference shown; once undone, it goes on, and nothing is lost", async () => {
    await using database = await createDatabase("drift")
    await using open = await services(database)
    await createTruth(database, 3_000)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    await workUntil(open, run.id, (status) => status.totals.copied >= 1)
    await database.query(change)
    const halted = await workUntilQuiet(open, run.id)
    expect(halted.run).toMatchObject({ control: "halted", error: { code: "CUTOVER_SOURCE_CHANGED" } })
    expect(halted.run.error?.message).toContain(called)
    expect(halted.attach.swappedAt).toBeNull()
    if (undo === null) return
    await database.query(undo)
    await resume(open, run.id)
    expect((await workUntilQuiet(open, run.id)).run).toMatchObject({ state: "cleanup", error: null })
    expect(await differencesFromTruth(database)).toEqual({ lost: 0, extra: 0 })
  })

  it("halts at the gate too, and the run can be aborted, which leaves nothing of ours", async () => {
    await using database = await createDatabase("driftgate")
    await using open = await services(database)
    await createTruth(database, 1_000)
    const run = await launchRun(open, { table: "t", by: "d", options: { ...capture, attach: "manual" } })
    await workUntil(open, run.id, (status) => status.run.state === "attach" && status.run.control === "waiting")
    await database.query(change)
    await openGate(open, run.id)
    const halted = await workUntilQuiet(open, run.id)
    expect(halted.run).toMatchObject({ control: "halted", error: { code: "CUTOVER_SOURCE_CHANGED" } })
    await abort(open, run.id)
    const left = (await catalogOf(database)).filter((line) =>
      /t_2024|t_partitioned|trigger cutover|reverse_|changes_/.test(line),
    )
    expect(left).toEqual([])
  })
})

it("a heap that is written anew in mid-run halts the run: nothing lies where the survey saw it", async () => {
  await using database = await createDatabase("cluster")
  await using open = await services(database)
  await createTruth(database, 3_000)
  const run = await launchRun(open, { table: "t", by: "d", options: capture })
  await workUntil(open, run.id, (status) => status.totals.copied >= 1)
  await database.query("vacuum full t")
  const halted = await workUntilQuiet(open, run.id)
  expect(halted.run.error).toMatchObject({ code: "CUTOVER_SOURCE_CHANGED" })
  expect(halted.run.error?.message).toContain("written anew")
})

it.each([
  ["a materialized view", "create materialized view mv as select count(*) from t", "drop materialized view mv"],
  ["a foreign key to the id alone", "create table child (t_id bigint references t)", "drop table child"],
  ["a column with the row type", "create table keeps (one t)", "drop table keeps"],
])(
  "%s that comes in mid-run halts the run before the swap, and once it is gone the run goes on",
  async (_what, change, undo) => {
    await using database = await createDatabase("lateaddition")
    await using open = await services(database)
    await createTruth(database, 1_000)
    const run = await launchRun(open, { table: "t", by: "d", options: { ...capture, attach: "manual" } })
    await workUntil(open, run.id, (status) => status.run.state === "attach" && status.run.control === "waiting")
    await database.query(change)
    await openGate(open, run.id)
    const halted = await workUntilQuiet(open, run.id)
    expect(halted.run).toMatchObject({ control: "halted", error: { code: "CUTOVER_SOURCE_CHANGED" } })
    expect(halted.run.error?.message).toContain("cannot follow")
    await database.query(undo)
    await resume(open, run.id)
    expect((await workUntilQuiet(open, run.id)).run).toMatchObject({ state: "cleanup", error: null })
  },
)
