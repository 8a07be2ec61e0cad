import { describe, expect, it } from "vitest"
import { Database } from "../../src/postgres/Database.ts"
import { withSessionLock } from "../../src/postgres/advisoryLock.ts"
import { sql } from "../../src/postgres/sql.ts"
import { withTransaction } from "../../src/postgres/transaction.ts"
import { limitLocks } from "../../src/steps/locks/limitLocks.ts"
import type { Run } from "../../src/store/runs.ts"
import { createDatabase } from "../support/database.ts"

describe("how long a session of ours waits for a lock", () => {
  it.each([
    ["1s", "900ms"],
    ["200ms", "180ms"],
    ["103ms", "92ms"],
    ["10s", "900ms"],
    ["2min", "900ms"],
  ])(
    "is less than deadlock_timeout (%s): %s, so that an application never loses a deadlock to us",
    async (deadlock, lock) => {
      await using database = await createDatabase("limits")
      await database.query(`alter database ${database.name} set deadlock_timeout = '${deadlock}'`)
      const ours = new Database({ connectionString: database.url, applicationName: "cutover/test" })
      const asked = sql`select current_setting('lock_timeout') as lock`
      expect((await ours.query(asked)).rows).toEqual([{ lock }])
      await withTransaction(ours, async (tx) => {
        await limitLocks(tx, { options: { lockTimeoutMs: 900 } } as Run)
        expect((await tx.query(asked)).rows).toEqual([{ lock }])
        await limitLocks(tx, { options: { lockTimeoutMs: 50 } } as Run)
        expect((await tx.query(asked)).rows).toEqual([{ lock: "50ms" }])
      })
      await ours.end()
    },
  )

  it("is the usual time again after it waited long for a lock, and in vain", async () => {
    await using database = await createDatabase("limits")
    const ours = new Database({ connectionString: database.url, applicationName: "cutover/test", max: 1 })
    // A key that is no number fails as the wait itself would.
    await expect(withSessionLock(ours, "no key", async () => {})).rejects.toMatchObject({ code: "22P02" })
    expect((await ours.query(sql`select current_setting('lock_timeout') as lock`)).rows).toEqual([{ lock: "900ms" }])
    await ours.end()
  })
})
