import { describe, expect, it } from "vitest"
import { runOptionsSchema } from "../../src/config/runOptions.ts"
import { parseTableName } from "../../src/domain/tableName.ts"
import { doctor } from "../../src/runtime/commands/doctor.ts"
import { plan } from "../../src/runtime/commands/plan/plan.ts"
import { createDatabase } from "../support/database.ts"
import { partitionsOf } from "../support/oracle.ts"
import { launchAndWork, services } from "../support/runs.ts"
import { readShapes } from "../support/shapes.ts"

const options = { monthsBack: 0, monthsAhead: 0 } as const

const monthsAgo = (months: number): string => `date_trunc('month', now()) - ${months} * interval '1 month'`

describe("months without rows", () => {
  it("get partitions between others and up to today; a wide gap gets none, and plan and doctor name it", async () => {
    const shape = (await readShapes()).find((one) => one.name === "gaps")
    await using database = await createDatabase("gaps")
    await using open = await services(database)
    await database.query(shape?.setup ?? "")
    const [edges] = await database.query<{ from: string; to: string }>(
      `select (${monthsAgo(59)})::date::text as from, (${monthsAgo(6)})::date::text as to`,
    )
    const gap = { code: "CUTOVER_GAPS", level: "warn" }
    const named = expect.stringContaining(`no partition from ${edges?.from} to ${edges?.to}:`) as string

    const request = { table: parseTableName("t"), by: "d", options: runOptionsSchema.parse(options), isOptedIn: true }
    const planned = await plan(open, request)
    expect(planned.findings).toContainEqual(expect.objectContaining({ ...gap, message: named }))
    expect(planned.partitions).toHaveLength(8)

    await launchAndWork(open, { table: "t", by: "d", options })
    expect(await partitionsOf(database, "t")).toHaveLength(8)
    expect(planned.partitions.map((one) => one.table.replace("public.", ""))).toEqual(
      (await partitionsOf(database, "t")).map((one) => one.name),
    )
    await database.query(`insert into t (d) values (${monthsAgo(5)}), (${monthsAgo(2)})`)
    await expect(database.query(`insert into t (d) values (${monthsAgo(40)})`)).rejects.toMatchObject({ code: "23514" })
    expect((await doctor(open, null)).findings).toContainEqual(expect.objectContaining({ ...gap, message: named }))
  })

  it("need none where a default partition takes their rows", async () => {
    await using database = await createDatabase("gaps")
    await using open = await services(database)
    await database.query("create table t (id int, d date); insert into t values (1, '2001-01-01'), (2, null)")
    const withDefault = runOptionsSchema.parse({ ...options, nullKeys: "default-partition", writes: "block" })
    const request = { table: parseTableName("t"), by: "d", options: withDefault, isOptedIn: true }
    const { findings } = await plan(open, request)
    expect(findings.map((one) => one.code)).not.toContain("CUTOVER_GAPS")
  })
})
