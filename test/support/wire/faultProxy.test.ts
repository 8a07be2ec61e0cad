import { setTimeout as sleep } from "node:timers/promises"
import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type TestDatabase, createDatabase } from "../database.ts"
import type { Fault } from "./Fault.ts"
import { shapeOf } from "./Statement.ts"
import { FaultProxy } from "./faultProxy.ts"

let database: TestDatabase

beforeAll(async () => {
  database = await createDatabase("proxy")
  await database.query("create table t (a int primary key)")
})

afterAll(async () => await database.drop())

/** A client by way of a proxy that does `fault` to the first statement with this text. */
async function clientWith(text: string, fault: Fault) {
  const proxy = await FaultProxy.start(database.url, (one) => (one.text === text ? fault : undefined))
  const client = new pg.Client({ connectionString: proxy.url, application_name: "proxied" })
  client.on("error", () => {})
  await client.connect()
  return { proxy, client, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() }
}

const notStopping = () => Promise.reject(new Error("the server would not stop"))

const committed = (a: number) => database.query("select a from t where a = $1", [a])

describe("the fault proxy", () => {
  it("numbers what passes, in both protocols, with values and with what its transaction asked before", async () => {
    await using proxy = await FaultProxy.start(database.url)
    const client = new pg.Client({ connectionString: proxy.url, application_name: "proxied" })
    await client.connect()
    await client.query("begin")
    await client.query("select $1::int", [7])
    await client.query({ name: "again", text: "select $1::text", values: [null] })
    await client.query({ name: "again", text: "select $1::text", values: ["x"] })
    await client.query("commit")
    await client.query("select 1")
    await client.end()
    const seen = proxy.statements.map(({ n, text, values, occurrence, before }) => [
      n,
      text,
      values,
      occurrence,
      before.map((one) => one.n),
    ])
    expect(seen).toEqual([
      [1, "connect", [], 1, []],
      [2, "begin", [], 1, []],
      [3, "select $1::int", ["7"], 1, [2]],
      [4, "select $1::text", [null], 1, [2, 3]],
      [5, "select $1::text", ["x"], 2, [2, 3, 4]],
      [6, "commit", [], 1, [2, 3, 4, 5]],
      [7, "select 1", [], 1, []],
    ])
    expect(new Set(proxy.statements.map((one) => one.application))).toEqual(new Set(["proxied"]))
  })

  it("cuts where a fault cannot be done, and says so at its end", async () => {
    const proxied = await clientWith("select 1", { type: "hold", when: "after", until: notStopping })
    await expect(proxied.client.query("select 1")).rejects.toThrow("Connection terminated")
    await expect(proxied[Symbol.asyncDispose]()).rejects.toThrow("a fault failed: Error: the server would not stop")
  })

  it("cuts before the server hears of a statement, or after it has done it and before anybody knows", async () => {
    for (const [when, a, rows] of [
      ["before", 1, []],
      ["after", 2, [{ a: 2 }]],
    ] as const) {
      await using link = await clientWith("commit", { type: "cut", when })
      await link.client.query(`begin; insert into t values (${a})`)
      await expect(link.client.query("commit")).rejects.toThrow("Connection terminated unexpectedly")
      expect(await committed(a)).toEqual(rows)
    }
  })

  it("cuts a session off that the server has just let in, or before it does", async () => {
    for (const when of ["before", "after"] as const) {
      await using proxy = await FaultProxy.start(database.url, (one) =>
        one.text === "connect" ? { type: "hold", when, until: async () => proxy.cutAll() } : undefined,
      )
      const client = new pg.Client({ connectionString: proxy.url, connectionTimeoutMillis: 5_000 })
      client.on("error", () => {})
      await expect(client.connect()).rejects.toThrow(/Connection terminated unexpectedly|ECONNRESET/)
    }
  })

  it("lets the server fail a statement, so that its transaction fails as well", async () => {
    await using link = await clientWith("select 2", { type: "raise", sqlState: "53100" })
    await link.client.query("begin; insert into t values (3)")
    await expect(link.client.query("select 2")).rejects.toMatchObject({ code: "53100" })
    await expect(link.client.query("select 3")).rejects.toMatchObject({ code: "25P02" })
    await link.client.query("rollback")
    expect(await committed(3)).toEqual([])
  })

  it("fails a COMMIT as a server does: the transaction has ended, and is not there", async () => {
    await using link = await clientWith("commit", { type: "raise", sqlState: "40001" })
    await link.client.query("begin; insert into t values (4)")
    await expect(link.client.query("commit")).rejects.toMatchObject({ code: "40001" })
    await link.client.query("select 3")
    expect(await committed(4)).toEqual([])
  })

  it("ends a session with a FATAL error", async () => {
    await using link = await clientWith("select 2", { type: "end", sqlState: "57P01" })
    await expect(link.client.query("select 2")).rejects.toMatchObject({ code: "57P01" })
  })

  it("holds a statement until somebody lets it go, and forgets it when its client has gone meanwhile", async () => {
    const held = Promise.withResolvers<void>()
    const until = async (): Promise<void> => await held.promise
    await using link = await clientWith("insert into t values (5)", { type: "hold", when: "before", until })
    const inserting = link.client.query("insert into t values (5)")
    await sleep(50)
    expect(await committed(5)).toEqual([])
    held.resolve()
    await inserting
    expect(await committed(5)).toEqual([{ a: 5 }])
  })

  it("is deaf in one direction: the server works, and the client waits", async () => {
    await using link = await clientWith("insert into t values (6)", { type: "blackhole", way: "toClient" })
    const inserting = link.client.query("insert into t values (6)").catch((error: unknown) => error)
    await expect.poll(() => committed(6)).toEqual([{ a: 6 }])
    expect(await Promise.race([inserting, sleep(100, "waits")])).toBe("waits")
    link.proxy.cutAll()
    expect(await inserting).toBeInstanceOf(Error)
  })

  it("lets nobody in when its client has died", async () => {
    await using proxy = await FaultProxy.start(database.url)
    proxy.cutAll()
    await expect(new pg.Client(proxy.url).connect()).rejects.toBeInstanceOf(Error)
  })
})

describe("the shape of a statement", () => {
  it("is the same for every run, month and number", () => {
    expect(shapeOf("select 1 from cutover.log_01jd0000000000000000000000\n where a = $12 and t_2024_03 = 'x'")).toBe(
      "select # from cutover.log_<id> where a = $ and t_#_# = 'x'",
    )
  })
})
