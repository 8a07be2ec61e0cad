import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { startCutover } from "../support/cli.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { services, waitForStatus } from "../support/runs.ts"
import { FaultProxy } from "../support/wire/faultProxy.ts"

describe("a run in the foreground that writes to no terminal", () => {
  it("looks where the run is again and again, and does not count the changes that wait each time", async () => {
    await using database = await createDatabase("foreground")
    await database.query("create table t as select g as id, date '2024-01-01' + g as d from generate_series(1, 50) g")
    await database.query("alter table t add primary key (id)")
    await using proxy = await FaultProxy.start(database.url)
    await using open = await services(database)
    await using command = startCutover(proxy.url, [
      "launch",
      "t",
      "--by",
      "d",
      "--writes",
      "capture",
      "--attach",
      "manual",
    ])
    const id = await launched(database)
    await waitForStatus(open, id, (one) => /ready to attach/.test(one.run.reason ?? ""))
    const before = proxy.statements.length
    await sleep(3_000)
    const texts = proxy.statements.slice(before).map((one) => one.text)
    const looks = texts.filter((text) => text.startsWith("select state, control, finished_at")).length
    expect(looks).toBeGreaterThan(3)
    // One that was due, and one more where the run had just come here.
    expect(texts.filter((text) => text.includes("'lastMinute'")).length).toBeLessThanOrEqual(2)
    command.process.kill("SIGTERM")
    expect((await command.ended).code).toBe(143)
  })
})

async function launched(database: TestDatabase): Promise<string> {
  for (;;) {
    // Until it is launched there is no such table.
    const [run] = await database.query<{ id: string }>("select id from cutover.runs").catch(() => [])
    if (run !== undefined) return run.id
    await sleep(50)
  }
}
