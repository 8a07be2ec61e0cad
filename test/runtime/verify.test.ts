import { describe, expect, it } from "vitest"
import { verify } from "../../src/runtime/commands/verify.ts"
import { runCutover } from "../support/cli.ts"
import { createDatabase } from "../support/database.ts"
import { catalogOf } from "../support/oracle.ts"
import { launchRun, services, workUntil, workUntilQuiet } from "../support/runs.ts"
import { createTruth } from "../support/writers.ts"

const capture = { writes: "capture", batchTargetMs: 50 } as const

describe("verify", () => {
  it("compares source and partitions before the swap, and names the rows that differ: missing, extra, changed", async () => {
    await using database = await createDatabase("verify")
    await using open = await services(database)
    await createTruth(database, 2_000)
    const run = await launchRun(open, { table: "t", by: "d", options: { ...capture, attach: "manual" } })
    await workUntil(open, run.id, (status) => status.run.state === "attach" && status.run.control === "waiting")
    expect(await verify(open, run.id)).toMatchObject({ equal: true, changesPending: 0, notCopied: 0 })
    await database.query(`
      delete from t_2024_03 where id = (select min(id) from t_2024_03);
      update t_2024_03 set note = 'other' where id = (select max(id) from t_2024_03);
      insert into t_2024_03 (id, vendor, d) values (-5, 'x', '2024-03-03')`)
    const before = await catalogOf(database)
    const found = await verify(open, run.id)
    expect(found.equal).toBe(false)
    const march = found.partitions.find((one) => one.label === "2024-03")
    expect(march?.differences).toMatchObject({ missing: 1, extra: 1, changed: 1 })
    expect(march?.differences?.examples).toContainEqual({ kind: "extra", key: "id -5, d 2024-03-03 00:00:00+00" })
    expect(found.partitions.filter((one) => !one.equal)).toHaveLength(1)
    expect(await catalogOf(database)).toEqual(before)
    const told = await runCutover(database.url, ["verify", "t"])
    expect(told.code).toBe(4)
    expect(told.stdout).toContain("1 missing, 1 extra, 1 changed")
    expect(told.stderr).toContain("CUTOVER_DIFFERENT")
  })

  it("leaves out rows whose changes still wait in the log", async () => {
    await using database = await createDatabase("verifylog")
    await using open = await services(database)
    await createTruth(database, 2_000)
    const run = await launchRun(open, { table: "t", by: "d", options: { ...capture, attach: "manual" } })
    await workUntil(open, run.id, (status) => status.run.state === "attach" && status.run.control === "waiting")
    await database.query("update t set note = 'changed' where id <= 5; delete from t where id = 6")
    expect(await verify(open, run.id)).toMatchObject({ equal: true, changesPending: 11 })
  })

  it("compares the new table with the legacy one after the swap, in text and as JSON", async () => {
    await using database = await createDatabase("verifyafter")
    await using open = await services(database)
    await createTruth(database, 2_000)
    const run = await launchRun(open, { table: "t", by: "d", options: capture })
    await workUntilQuiet(open, run.id)
    await database.query("update t set note = 'changed' where id <= 5")
    const { code, stdout } = await runCutover(database.url, ["verify", "t", "--json"])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ equal: true, run: { comparedWith: "public.t_legacy" } })
    await workUntil(open, run.id, (status) => status.totals.changesPending === 0)
    expect(await verify(open, run.id)).toMatchObject({ equal: true, changesPending: 0 })
    await database.query("delete from t_legacy where id = 9")
    expect(await verify(open, run.id)).toMatchObject({ equal: false })
  })
})
