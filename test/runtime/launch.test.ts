import { describe, expect, it } from "vitest"
import { createDatabase } from "../support/database.ts"
import { isQuiet, launchRun, services, workUntil } from "../support/runs.ts"
import { FaultProxy } from "../support/wire/faultProxy.ts"

describe("a launch of which nobody can tell whether it was committed", () => {
  it("leaves the run its queue, so that a worker can go on with it", async () => {
    await using database = await createDatabase("launch")
    await database.query("create table t as select g as id, date '2024-01-01' + g as d from generate_series(1, 90) g")
    await database.query("alter table t add primary key (id)")
    await using proxy = await FaultProxy.start(database.url, ({ text, before }) => {
      if (text.includes("pg_xact_status")) return { type: "raise", sqlState: "22023" }
      const isLaunch = text === "commit" && before.some((one) => one.text.includes("insert into cutover.runs"))
      return isLaunch ? { type: "cut", when: "after" } : undefined
    })
    await using deaf = await services({ ...database, url: proxy.url })
    await expect(launchRun(deaf, { table: "t", by: "d" })).rejects.toMatchObject({ code: "22023" })
    const [run] = await database.query<{ id: string }>("select id from cutover.runs")
    await using open = await services(database)
    expect((await workUntil(open, run?.id ?? "", isQuiet)).run.state).toBe("cleanup")
  })
})
