import { execFile } from "node:child_process"
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import pg from "pg"
import { describe, expect, it } from "vitest"
import { createFlights } from "../../src/cli/demo/flights.ts"
import { planMonths } from "../../src/cli/demo/returnsMonths.ts"
import { createReturnsRaw } from "../../src/cli/demo/returnsRaw.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"

describe("the months of the returns feed", () => {
  it("are the 24 that end with today's, which ends today", () => {
    const months = planMonths("2025-03-10", 1_000_000)
    expect(months).toHaveLength(24)
    expect(months[0]).toMatchObject({ from: "2023-04-01", days: 30 })
    expect(months[10]).toMatchObject({ from: "2024-02-01", days: 29 })
    expect(months[23]).toMatchObject({ from: "2025-03-01", days: 10 })
  })

  it.each([0, 1, 23, 24, 1000, 999_999])("share %i rows without losing one", (rows) => {
    const counts = planMonths("2025-03-01", rows).map((month) => month.rows)
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(rows)
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(rows >= 24 ? 1 : 0)
  })
})

describe("returns_raw", () => {
  it("has all its rows, in each of 24 months up to the current one, nearly in order", async () => {
    await using database = await createDatabase("returns")
    await createReturnsRaw(database.pool, { rows: 20_000 })
    const [facts] = await database.query(`
      select count(*)::int as rows, count(distinct date_trunc('month', return_date))::int as months,
        date_trunc('month', max(return_date)) = date_trunc('month', now() at time zone 'UTC') as up_to_now,
        max(created_at) <= now() + interval '1 day' as none_from_the_future,
        count(*) filter (where return_date < (created_at at time zone 'UTC')::date) between 100 and 1000 as some_late,
        count(*) filter (where refund_amount is null)::int between 100 and 1000 as some_refused,
        count(distinct vendor)::int as vendors, min(id)::int as first, max(id)::int as last
      from returns_raw`)
    expect(facts).toEqual({
      rows: 20_000,
      months: 24,
      up_to_now: true,
      none_from_the_future: true,
      some_late: true,
      some_refused: true,
      vendors: 40,
      first: 1,
      last: 20_000,
    })
  })

  it("has the key and the indexes that a returns table has, and statistics", async () => {
    await using database = await createDatabase("returns")
    await createReturnsRaw(database.pool, { rows: 100 })
    expect(await indexes(database, "returns_raw")).toEqual(["(asin)", "(id)", "(return_date)", "(vendor, return_date)"])
    const [statistics] = await database.query("select reltuples::int from pg_class where oid = 'returns_raw'::regclass")
    expect(statistics).toEqual({ reltuples: 100 })
  })

  it("is the same each time for the same day", async () => {
    const fingerprints = await Promise.all(
      [1, 2].map(async () => {
        await using database = await createDatabase("returns")
        await createReturnsRaw(database.pool, { rows: 1000, today: "2025-11-17" })
        return await database.query("select md5(string_agg(r::text, '|' order by id)) as md5 from returns_raw as r")
      }),
    )
    expect(fingerprints[0]).toEqual(fingerprints[1])
  })

  it("fills every month with as few as 24 rows, one each", async () => {
    await using database = await createDatabase("returns")
    await createReturnsRaw(database.pool, { rows: 24, today: "2025-11-01" })
    const months = await database.query("select to_char(return_date, 'YYYY-MM') as month from returns_raw order by id")
    expect(months.map(({ month }) => month)).toEqual(planMonths("2025-11-01", 24).map(({ from }) => from.slice(0, 7)))
  })

  it("tells how far it is, up to the end, and takes a single connection too", async () => {
    await using database = await createDatabase("returns")
    const client = new pg.Client(database.url)
    await client.connect()
    const seen: number[] = []
    await createReturnsRaw(client, { rows: 500, onProgress: (done, total) => seen.push(done / total) })
    await client.end()
    expect(seen).toEqual(seen.toSorted((a, b) => a - b))
    expect([seen[0], seen.at(-1), seen.length]).toEqual([0, 1, 25])
  })

  it("leaves a table that is there already as it is", async () => {
    await using database = await createDatabase("returns")
    await database.query("create table returns_raw as select 42 as answer")
    await expect(createReturnsRaw(database.pool, { rows: 24 })).rejects.toMatchObject({ code: "42P07" })
    expect(await database.query("select * from returns_raw")).toEqual([{ answer: 42 }])
  })

  it("refuses a number of rows that is none", async () => {
    await using database = await createDatabase("returns")
    await expect(createReturnsRaw(database.pool, { rows: 1.5 })).rejects.toMatchObject({ code: "CUTOVER_USAGE" })
  })
})

describe("flights", () => {
  it("are the three million of the file, to the minute", { timeout: 180_000 }, async () => {
    await using database = await createDatabase("flights")
    const seen: number[] = []
    await createFlights(database.pool, { onProgress: (done, total) => seen.push(done / total) })
    expect([seen[0], seen.at(-1)]).toEqual([0, 1])
    expect(
      await database.query(`
        select to_char(date, 'YYYY-MM') as month, count(*)::int as flights, sum(delay)::int as delay,
          sum(distance)::int as distance, min(date)::text as first, max(date)::text as last
        from flights group by 1 order by 1`),
    ).toEqual(flightsByMonth)
    expect(await indexes(database, "flights")).toEqual(["(date)", "(destination, date)", "(id)", "(origin, date)"])
  })

  it("are refused with a way out where the file is not installed", async () => {
    const place = await mkdtemp(join(tmpdir(), "pg-cutover-published-"))
    try {
      await makePackageWithoutFlights(place)
      const { stdout } = await promisify(execFile)(process.execPath, [join(place, "try.ts")])
      expect(JSON.parse(stdout)).toMatchObject({ code: "CUTOVER_USAGE", hint: expect.stringContaining("checkout") })
    } finally {
      await rm(place, { recursive: true })
    }
  })
})

const flightsByMonth = [
  ["2001-01", 508_239, 3_221_712, 369_781_288, "2001-01-01 00:01:00", "2001-01-31 23:57:00"],
  ["2001-02", 458_170, 4_105_801, 334_293_585, "2001-02-01 00:00:00", "2001-02-28 23:59:00"],
  ["2001-03", 511_502, 3_805_083, 372_949_654, "2001-03-01 00:00:00", "2001-03-31 23:59:00"],
  ["2001-04", 501_030, 2_637_621, 365_693_945, "2001-04-01 00:02:00", "2001-04-30 23:59:00"],
  ["2001-05", 518_831, 1_693_473, 379_770_183, "2001-05-01 00:00:00", "2001-05-31 23:59:00"],
  ["2001-06", 502_222, 4_539_646, 372_367_904, "2001-06-01 00:00:00", "2001-06-30 23:59:00"],
  ["2001-07", 6, 267, 4_649, "2001-07-01 00:00:00", "2001-07-01 00:00:00"],
].map(([month, flights, delay, distance, first, last]) => ({ month, flights, delay, distance, first, last }))

async function indexes(database: TestDatabase, table: string): Promise<unknown[]> {
  const rows = await database.query(
    "select substring(indexdef from '\\(.*\\)') as columns from pg_indexes where tablename = $1 order by 1",
    [table],
  )
  return rows.map(({ columns }) => columns)
}

async function makePackageWithoutFlights(place: string): Promise<void> {
  for (const room of ["cli/demo", "embedded", "errors"]) {
    await cp(join(import.meta.dirname, "../../src", room), join(place, "src", room), { recursive: true })
  }
  await mkdir(join(place, "node_modules"))
  const installed = dirname(createRequire(import.meta.url).resolve("pg/package.json"))
  await symlink(installed, join(place, "node_modules", "pg"))
  await writeFile(join(place, "package.json"), `{ "type": "module" }`)
  await writeFile(
    join(place, "try.ts"),
    `import pg from "pg"
    import { createFlights } from "./src/cli/demo/flights.ts"
    await createFlights(new pg.Client()).catch((error) => console.log(JSON.stringify(error.toDocument())))`,
  )
}
