import { setTimeout as sleep } from "node:timers/promises"
import { describe, expect, it } from "vitest"
import { isTransient } from "../../src/postgres/classify.ts"
import { sql } from "../../src/postgres/sql.ts"
import { createDatabase } from "../support/database.ts"
import { services } from "../support/runs.ts"
import { FaultProxy } from "../support/wire/faultProxy.ts"
import { setsUpSession } from "../support/wire/setsUpSession.ts"

describe("services whose connection breaks while they open", () => {
  it.each([1, 2])("open all the same where connection %i does", async (n) => {
    await using database = await createDatabase("open")
    let cuts = 0
    await using proxy = await FaultProxy.start(database.url, ({ text, occurrence }) => {
      if (!setsUpSession(text) || occurrence !== n) return undefined
      cuts += 1
      return { type: "cut", when: "before" }
    })
    await using open = await services({ ...database, url: proxy.url })
    expect((await open.database.query(sql`select 1 as one`)).rows).toEqual([{ one: 1 }])
    expect(cuts).toBe(1)
  })

  it.each([1, 2])("fail, and do not wait for ever, where all from connection %i on do", async (n) => {
    await using database = await createDatabase("open")
    await using proxy = await FaultProxy.start(database.url, ({ text, occurrence }) =>
      setsUpSession(text) && occurrence >= n ? { type: "cut", when: "before" } : undefined,
    )
    const opening = services({ ...database, url: proxy.url }).catch((thrown: unknown) => thrown)
    expect(isTransient(await Promise.race([opening, sleep(20_000, "still opening")]))).toBe(true)
  })
})
