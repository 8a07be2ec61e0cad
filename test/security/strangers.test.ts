import { readFile } from "node:fs/promises"
import { describe, expect, it } from "vitest"
import { abort } from "../../src/runtime/commands/abort.ts"
import { retry } from "../../src/runtime/commands/retry.ts"
import type { OpenServices } from "../../src/runtime/openServices.ts"
import { runCutover } from "../support/cli.ts"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { catalogOf, contentOf, partitionsOf } from "../support/oracle.ts"
import { launchAndWork, launchRun, services, workUntil } from "../support/runs.ts"

const setup = `
  create table t (id int primary key, d date not null, v text);
  insert into t select g, date '2024-01-01' + g / 4, repeat('v', 500) from generate_series(1, 359) g`

/** It has the columns of the table, so that rows would fit into it. */
const archive = `
  create table t_2024_02 (like t);
  insert into t_2024_02 values (-1, '1999-01-01', 'an archive that somebody keeps')`

async function archived(database: TestDatabase): Promise<unknown> {
  return await database.query("select id, d::text, v from t_2024_02")
}

const kept = [{ id: -1, d: "1999-01-01", v: "an archive that somebody keeps" }]

describe("a table of somebody else that has the name of a partition", () => {
  it("is left alone, and the partition is called otherwise", async () => {
    await using database = await createDatabase("stranger")
    await using open = await services(database)
    await database.query(`${setup}; ${archive}`)
    const before = await contentOf(database, "t")
    const { run } = await launchAndWork(open, { table: "t", by: "d", options: { writes: "capture" } })
    expect(run).toMatchObject({ state: "cleanup", error: null })
    expect(await archived(database)).toEqual(kept)
    expect(await contentOf(database, "t")).toEqual(before)
    expect((await partitionsOf(database, "t")).map((one) => one.name)).toContain("t_2024_02_2")
  })

  it("is not filled, emptied or dropped when it comes after the name was chosen", async () => {
    await using database = await createDatabase("stranger")
    await using open = await services(database)
    await database.query(setup)
    const run = await launchRun(open, { table: "t", by: "d", options: { writes: "capture" } })
    await database.query(`
      create function late() returns trigger language plpgsql set search_path = public as $$
      begin
        if to_regclass('t_2024_02') is null then ${archive}; end if;
        return null;
      end $$;
      create trigger late after update on cutover.runs for each row when (old.strategy is null and new.strategy is not null)
        execute function late()`)
    const status = await workUntil(open, run.id, (one) => one.run.control === "halted")
    expect(status.run.error).toMatchObject({ details: { sqlState: "42P07" } })
    expect(await archived(database)).toEqual(kept)
    await database.query("truncate t")
    await retry(open, run.id, { partition: "2024-02" })
    await workUntil(open, run.id, (one) => one.run.control === "halted")
    await abort(open, run.id)
    expect(await archived(database)).toEqual(kept)
    expect(await partitionsOf(database, "t")).toEqual([])
  })
})

describe("a role that may create in the schema or in the database", () => {
  const stranger = `stranger_${process.pid}`

  async function withStranger(use: (database: TestDatabase, open: OpenServices) => Promise<void>): Promise<void> {
    await using database = await createDatabase("stranger")
    await using open = await services(database)
    await database.query(`${setup}; create role ${stranger}; grant create on schema public to ${stranger}`)
    try {
      await use(database, open)
    } finally {
      await database.query(`drop owned by ${stranger} cascade; drop role ${stranger}`)
    }
  }

  const scaffold = `create table t_partitioned (like t, primary key (id, d)) partition by range (d);
    create table handmade partition of t_partitioned for values from ('2024-02-01') to ('2024-03-01')`

  it("cannot lay out a table that gets the rows", async () => {
    await withStranger(async (database, open) => {
      await database.query(`set role ${stranger}; ${scaffold.replace("like t", "id int, d date, v text")}; reset role`)
      await expect(launchRun(open, { table: "t", by: "d" })).rejects.toMatchObject({
        code: "CUTOVER_SCAFFOLD_DIFFERS",
        message: expect.stringContaining(`t_partitioned belongs to ${stranger}`) as string,
      })
    })
  })

  it("cannot own a partition of it", async () => {
    await withStranger(async (database, open) => {
      await database.query(`${scaffold}; alter table handmade owner to ${stranger}`)
      await expect(launchRun(open, { table: "t", by: "d" })).rejects.toMatchObject({
        code: "CUTOVER_SCAFFOLD_DIFFERS",
        message: expect.stringContaining(`handmade belongs to ${stranger}`) as string,
      })
    })
  })

  it.each(["cutover", "cutover_jobs"])("cannot be there first with the schema %s", async (schema) => {
    await withStranger(async (database, open) => {
      await database.query(`create schema ${schema} authorization ${stranger}`)
      const before = await catalogOf(database)
      await expect(launchRun(open, { table: "t", by: "d" })).rejects.toMatchObject({ code: "CUTOVER_PRIVILEGE" })
      expect(await catalogOf(database)).toEqual(before)
      await database.query(`alter schema ${schema} owner to current_user`)
      expect(await launchRun(open, { table: "t", by: "d" })).toMatchObject({ state: "prep" })
    })
  })

  it("cannot make the whole of our schema before us", async () => {
    await withStranger(async (database, open) => {
      const ddl = await readFile(new URL("../../src/store/schema/001.sql", import.meta.url), "utf8")
      await database.query(`create schema cutover authorization ${stranger}`)
      await database.query(`set role ${stranger}; ${ddl}; reset role`)
      const refusal = { code: "CUTOVER_PRIVILEGE", message: expect.stringContaining(stranger) as string }
      await expect(launchRun(open, { table: "t", by: "d" })).rejects.toMatchObject(refusal)
      await expect(services(database)).rejects.toMatchObject(refusal)
    })
  })

  it.each([
    ["a table", "alter table cutover.workers owner to"],
    ["a view", "alter view cutover.maintenance_log owner to"],
    ["a function", "alter function cutover.keep_log() owner to"],
    ["a table of the queue", "alter table cutover_jobs.job owner to"],
  ])("cannot have %s in our schemas", async (_what, alter) => {
    await withStranger(async (database, open) => {
      await launchRun(open, { table: "t", by: "d" })
      await database.query(`${alter} ${stranger}`)
      await expect(services(database)).rejects.toMatchObject({
        code: "CUTOVER_PRIVILEGE",
        message: expect.stringContaining(`belongs to ${stranger}`) as string,
      })
      await database.query(`${alter} current_user`)
      await using again = await services(database)
      expect(again.actor).toBe("tester@test")
    })
  })

  it("shares our schemas once it is a member of their owner, or owns them itself", async () => {
    await withStranger(async (database) => {
      const ddl = await readFile(new URL("../../src/store/schema/001.sql", import.meta.url), "utf8")
      const chief = `${stranger}_chief`
      await database.query(`create role ${chief}; create schema cutover authorization ${chief}`)
      try {
        await database.query(`set role ${chief}; ${ddl}; reset role`)
        const statusOf = async (role: string): Promise<number | null> =>
          (await runCutover(`${database.url}?options=-c%20role%3D${role}`, ["status"])).code
        expect(await statusOf(chief)).toBe(0)
        expect(await statusOf(stranger)).toBe(3)
        await database.query(`grant ${chief} to ${stranger}`)
        expect(await statusOf(stranger)).toBe(0)
        await database.query(`alter table cutover.workers owner to ${stranger}`)
        expect(await statusOf(chief)).toBe(0)
      } finally {
        await database.query(`drop owned by ${chief} cascade; drop role ${chief}`)
      }
    })
  })
})
