import { describe, expect, it } from "vitest"
import { Database } from "../../src/postgres/Database.ts"
import { classify, sqlState } from "../../src/postgres/classify.ts"
import { sql } from "../../src/postgres/sql.ts"
import { withTransaction } from "../../src/postgres/transaction.ts"
import { openDatabase } from "../support/database.ts"
import { startPair } from "../support/serverPair.ts"
import { FaultProxy } from "../support/wire/faultProxy.ts"

describe("a transaction whose COMMIT meets a failover", () => {
  it("is not taken for done when the new primary gives its number to another one", async () => {
    await using pair = await startPair()
    const before = await pair.primary.createDatabase("failover")
    await before.query("create table t (a int)")
    await pair.catchUp()
    const after = openDatabase(before.name, pair.standby.url)
    await using proxy = await FaultProxy.start(before.url)
    await using database = disposable(proxy.url)
    const failOver = async (): Promise<void> => {
      await pair.primary.killImmediately()
      await pair.promote()
      for (let n = 0; n < 20; n++) await after.query("insert into t values (1)")
      proxy.serverUrl = after.url
    }
    proxy.decide = ({ text }) => (text === "commit" ? { type: "hold", when: "after", until: failOver } : undefined)
    await pair.stopReplication()
    const outcome: unknown = await withTransaction(database, async (tx) => {
      await tx.query(sql`insert into public.t values (2)`)
      return "done"
    }).catch((error: unknown) => sqlState(error))
    expect(await after.query("select from t where a = 2")).toEqual([])
    expect(outcome).toBe("CUTOVER_OUTCOME_UNKNOWN")
    await Promise.all([before.pool.end(), after.pool.end()])
  })

  it("finds a server that may not be written to where the standby is none but a standby yet", async () => {
    await using pair = await startPair()
    await using database = disposable(pair.standby.url)
    const error: unknown = await withTransaction(database, async () => "done").catch((thrown: unknown) => thrown)
    expect(classify(error)).toBe("readOnly")
  })
})

function disposable(url: string): Database & AsyncDisposable {
  const database = new Database({ connectionString: url, applicationName: "cutover/test" })
  return Object.assign(database, { [Symbol.asyncDispose]: async () => await database.end() })
}
