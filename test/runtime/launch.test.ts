import { describe, expect, it } from "vitest"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { isQuiet, launchRun, services, workUntil } from "../support/runs.ts"
import type { Statement } from "../support/wire/Statement.ts"
import { FaultProxy } from "../support/wire/faultProxy.ts"

async function createTable(database: TestDatabase): Promise<void> {
  await database.query("create table t as select g as id, date '2024-01-01' + g as d from generate_series(1, 90) g")
  await database.query("alter table t add primary key (id)")
}

/** The answer to its COMMIT is lost, and the server cannot tell what became of it. */
async function inDoubt(database: TestDatabase, isMuteToo: (statement: Statement) => boolean): Promise<FaultProxy> {
  let isCut = false
  return await FaultProxy.start(database.url, (statement) => {
    const { text, before } = statement
    if (text.includes("pg_xact_status") || (isCut && isMuteToo(statement))) return { type: "raise", sqlState: "22023" }
    if (text !== "commit" || !before.some((one) => one.text.includes("insert into cutover.runs"))) return undefined
    isCut = true
    return { type: "cut", when: "after" }
  })
}

describe("a launch of which the server cannot tell whether it was committed", () => {
  it("is looked up, and goes on", async () => {
    await using database = await createDatabase("launch")
    await createTable(database)
    await using proxy = await inDoubt(database, () => false)
    await using open = await services({ ...database, url: proxy.url })
    const run = await launchRun(open, { table: "t", by: "d" })
    expect(await database.query("select id from cutover.runs")).toEqual([{ id: run.id }])
    expect((await workUntil(open, run.id, isQuiet)).run.state).toBe("cleanup")
  })

  it("and nobody can look up leaves the run its queue, so that a worker can go on with it", async () => {
    await using database = await createDatabase("launch")
    await createTable(database)
    await using proxy = await inDoubt(database, ({ text }) => text.includes("from cutover.runs"))
    await using deaf = await services({ ...database, url: proxy.url })
    await expect(launchRun(deaf, { table: "t", by: "d" })).rejects.toMatchObject({ code: "22023" })
    const [run] = await database.query<{ id: string }>("select id from cutover.runs")
    await using open = await services(database)
    expect((await workUntil(open, run?.id ?? "", isQuiet)).run.state).toBe("cleanup")
  })
})
