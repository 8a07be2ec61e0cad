import { describe, expect, it } from "vitest"
import { Database } from "../../src/postgres/Database.ts"
import { sqlState } from "../../src/postgres/classify.ts"
import { sql } from "../../src/postgres/sql.ts"
import { withTransaction } from "../../src/postgres/transaction.ts"
import { createDatabase } from "../support/database.ts"
import { FaultProxy } from "../support/wire/faultProxy.ts"

describe("a transaction whose COMMIT breaks its connection", () => {
  it.each([
    ["after", "done", [{ a: 1 }]],
    ["before", "08006", []],
  ] as const)("%s the server heard of it is told as it was: %s", async (when, told, rows) => {
    await using server = await createDatabase("commit")
    await server.query("create table t (a int)")
    await using proxy = await FaultProxy.start(server.url, ({ text }) =>
      text === "commit" ? { type: "cut", when } : undefined,
    )
    const database = new Database({ connectionString: proxy.url, applicationName: "cutover/test" })
    const outcome: unknown = await withTransaction(database, async (tx) => {
      await tx.query(sql`insert into public.t values (1)`)
      return "done"
    }).catch((error: unknown) => sqlState(error))
    expect(outcome).toBe(told)
    expect(await server.query("select a from t")).toEqual(rows)
    await database.end()
  })
})
