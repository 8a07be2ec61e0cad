import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { Worker } from "../../src/runtime/Worker.ts"
import { isTransient } from "../../src/postgres/classify.ts"
import { createDatabase } from "../support/database.ts"
import { launchRun, services } from "../support/runs.ts"
import { FaultProxy } from "../support/wire/faultProxy.ts"

describe("a worker that cannot start", () => {
  it("leaves no connection behind that would keep its process alive", async () => {
    await using database = await createDatabase("start")
    await database.query(
      "create table t as select 1 as id, timestamp '2024-01-01' as d; alter table t add primary key (id)",
    )
    await using proxy = await FaultProxy.start(database.url, (statement) =>
      statement.text.includes("insert into cutover.workers") ? { type: "cut", when: "before" } : undefined,
    )
    const open = await services({ ...database, url: proxy.url })
    const run = await launchRun(open, { table: "t", by: "d" })
    const error: unknown = await Worker.start(open, { runId: run.id, lanes: 1 }).catch((thrown: unknown) => thrown)
    expect(isTransient(error)).toBe(true)
    expect(await Promise.race([open.close().then(() => "closed"), sleep(5_000, "still open")])).toBe("closed")
  })
})
