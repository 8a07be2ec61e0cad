import { EventEmitter, on } from "node:events"
import { describe, expect, it, vi } from "vitest"
import { Database } from "../../src/postgres/Database.ts"
import { classify } from "../../src/postgres/classify.ts"
import { sql } from "../../src/postgres/sql.ts"
import { createDatabase } from "../support/database.ts"
import { isQuiet, launchRun, services, waitForStatus, worker } from "../support/runs.ts"
import { FaultProxy } from "../support/wire/faultProxy.ts"
import { setsUpSession } from "../support/wire/setsUpSession.ts"
import { createTruth, differencesFromTruth } from "../support/writers.ts"

/** Statements whose way there, or whose answer, is swallowed, while the connection stays open. */
const places = {
  "a batch": /^\s*insert into "public"."t_2024/,
  "the COMMIT of a job": /^\s*commit\b/i,
  "the look for a job": /with\s+next\s+as/i,
}

const working =
  "select query from pg_stat_activity where datname = current_database() and application_name like 'cutover/%' and state <> 'idle'"

const cases = Object.entries(places).flatMap(([name, text]) =>
  (["toClient", "toServer"] as const).map((way) => [name, way, text] as const),
)

describe("a connection that answers TCP and swallows the rest", () => {
  it.each(cases)("is given up at %s, %s, and the lone worker goes on", async (_, way, text) => {
    await using database = await createDatabase("deaf")
    await createTruth(database, 500, 59)
    await using proxy = await FaultProxy.start(database.url)
    await using open = await services({ ...database, url: proxy.url })
    const run = await launchRun(open, { table: "t", by: "d" })
    let swallowed = 0
    proxy.decide = (statement) => {
      if (swallowed > 0 || !text.test(statement.text)) return undefined
      swallowed += 1
      return { type: "blackhole", way }
    }
    {
      await using __ = await worker(open, run.id)
      await waitForStatus(open, run.id, isQuiet, 30_000)
    }
    expect(swallowed).toBe(1)
    expect(await differencesFromTruth(database)).toEqual({ lost: 0, extra: 0 })
    // What the queue asks by the clock is over at once; what was left behind would stay for 10 s.
    await vi.waitFor(async () => expect(await database.query(working)).toEqual([]), { timeout: 3_000, interval: 50 })
  })

  it.each(["toClient", "toServer"] as const)(
    "is given up where a worker listens, %s, and another one listens",
    async (way) => {
      await using database = await createDatabase("deaf")
      await createTruth(database, 500, 59)
      let deafened: number | undefined
      const again = Promise.withResolvers<number>()
      await using proxy = await FaultProxy.start(database.url, ({ text, connection }) => {
        if (text.startsWith("listen") && deafened !== undefined && connection !== deafened) again.resolve(connection)
        if (text !== "select 'heard'" || deafened !== undefined) return undefined
        deafened = connection
        return { type: "blackhole", way }
      })
      await using open = await services({ ...database, url: proxy.url })
      const run = await launchRun(open, { table: "t", by: "d", options: { attach: "manual" } })
      await using _ = await worker(open, run.id)
      expect(await again.promise).not.toBe(deafened)
    },
  )

  it.each(["toClient", "toServer"] as const)("fails a new session in its settings, %s", async (way) => {
    await using database = await createDatabase("deaf")
    await using proxy = await FaultProxy.start(database.url, ({ text }) =>
      setsUpSession(text) ? { type: "blackhole", way } : undefined,
    )
    const deaf = new Database({ connectionString: proxy.url, applicationName: "cutover/test" })
    const error: unknown = await deaf.query(sql`select 1`).catch((thrown: unknown) => thrown)
    expect(classify(error)).toBe("connection")
    await deaf.end()
  })

  it("keeps no pool from ending when it swallows the goodbye of an idle session", async () => {
    await using database = await createDatabase("deaf")
    const deafened = Promise.withResolvers<void>()
    await using proxy = await FaultProxy.start(database.url, ({ text }) => {
      if (text !== "select 2") return undefined
      deafened.resolve()
      return { type: "blackhole", way: "toClient" }
    })
    const deaf = new Database({ connectionString: proxy.url, applicationName: "cutover/test" })
    const waiting = deaf.query(sql`select 2`).catch((thrown: unknown) => thrown)
    await deafened.promise
    await deaf.end()
    expect(classify(await waiting)).toBe("connection")
  })
})

describe("a server that says nothing to whoever asks about a statement", () => {
  it("loses it after half a minute", async () => {
    await using waiting = await waitForLock()
    waiting.silent = true
    await waiting.looks.next()
    await waiting.looks.next()
    waiting.later(31_000)
    expect(classify(await waiting.answer)).toBe("connection")
  })

  it("is not given up for two silences with an answer between them", async () => {
    await using waiting = await waitForLock()
    for (const silent of [true, false, true, false, false]) {
      waiting.silent = silent
      await waiting.looks.next()
      if (!silent) waiting.later(31_000)
    }
    await waiting.unlock()
    expect(await waiting.answer).toMatchObject({ rows: [{ done: "locked" }] })
  })
})

/** A statement of ours that waits for a lock, and the looks of the watchdog at it, which meet silence or an answer as one likes. */
async function waitForLock() {
  const database = await createDatabase("mute")
  const holder = await database.pool.connect()
  await holder.query("select pg_advisory_lock(1)")
  const looks = new EventEmitter()
  const link = { silent: false }
  const proxy = await FaultProxy.start(database.url, ({ text }) => {
    if (!text.includes("wait_event is distinct from")) return undefined
    looks.emit("look")
    return link.silent ? { type: "cut", when: "before" } : undefined
  })
  const now = performance.now.bind(performance)
  let ahead = 0
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now() + ahead)
  const patient = new Database({ connectionString: proxy.url, applicationName: "cutover/test", max: 1 })
  await patient.query(sql`set lock_timeout = 0`)
  const answer = patient.query(sql`select pg_advisory_lock(1), 'locked' as done`).catch((error: unknown) => error)
  return Object.assign(link, {
    answer,
    looks: on(looks, "look"),
    later: (ms: number) => {
      ahead += ms
    },
    unlock: async () => await holder.query("select pg_advisory_unlock(1)"),
    [Symbol.asyncDispose]: async () => {
      holder.release(true)
      await patient.end()
      clock.mockRestore()
      await proxy[Symbol.asyncDispose]()
      await database.drop()
    },
  })
}

describe("a statement that takes long", () => {
  it("is not given up while its session works on it, or waits for a lock", async () => {
    await using database = await createDatabase("long")
    const patient = new Database({ connectionString: database.url, applicationName: "cutover/test" })
    const { rows } = await patient.query(sql`select 1 as one from pg_sleep(7)`)
    expect(rows).toEqual([{ one: 1 }])
    await patient.query(sql`set lock_timeout = 0`)
    const [locked] = await Promise.all([
      patient.query(sql`select pg_sleep(0.2), pg_advisory_lock(1), 'locked' as done`),
      database.query("begin; select pg_advisory_xact_lock(1); select pg_sleep(7); commit"),
    ])
    expect(locked.rows).toMatchObject([{ done: "locked" }])
    await patient.end()
  })
})
