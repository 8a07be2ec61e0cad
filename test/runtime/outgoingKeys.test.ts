import { describe, expect, it } from "vitest"
import { rollback } from "../../src/runtime/commands/rollback.ts"
import { type TestDatabase, createDatabase, startServer } from "../support/database.ts"
import { launchRun, services, waitForStatus, workUntil, workUntilQuiet, worker } from "../support/runs.ts"

const capture = { writes: "capture", batchTargetMs: 50 } as const

async function createTables(database: TestDatabase): Promise<void> {
  await database.query(`
    create table vendor (id int primary key);
    insert into vendor select generate_series(1, 50);
    create table t (id int primary key, d date not null, vendor int not null references vendor on update cascade);
    insert into t select g, date '2024-01-01' + g % 180, 1 + g % 40 from generate_series(1, 2000) g;
    create index on t (vendor)`)
}

/** What an application does that is through with a vendor. */
async function deleteVendor(database: TestDatabase, id: number): Promise<void> {
  await database.query(`begin; delete from t where vendor = ${id}; delete from vendor where id = ${id}; commit`)
}

async function keysOf(database: TestDatabase): Promise<{ name: string; definition: string; validated: boolean }[]> {
  return await database.query(
    `select conname as name, pg_get_constraintdef(oid) as definition, convalidated as validated
     from pg_constraint where contype = 'f' and conrelid = 't'::regclass and conparentid = 0`,
  )
}

const wanted = [
  {
    name: "t_vendor_fkey",
    definition: "FOREIGN KEY (vendor) REFERENCES vendor(id) ON UPDATE CASCADE",
    validated: true,
  },
]

describe("a table that points to another", () => {
  it.each([15, 18] as const)(
    "never makes an application fail that deletes a row and then the one it points to, on PostgreSQL %i",
    async (major) => {
      await using server = await startServer(major)
      await using database = await server.createDatabase("fk")
      await using open = await services(database)
      await createTables(database)
      const run = await launchRun(open, { table: "t", by: "d", options: { ...capture, attach: "manual" } })
      await workUntil(open, run.id, (one) => one.run.state === "attach" && one.run.control === "waiting")
      // The target still has the rows: nobody works the run.
      await deleteVendor(database, 1)
      await database.query("update cutover.runs set gate_opened_at = now()")
      await workUntil(open, run.id, (one) => one.run.state === "cleanup")
      expect(await keysOf(database)).toEqual(wanted)
      await deleteVendor(database, 2)
      await expect(database.query("insert into t values (-1, '2024-02-02', 4711)")).rejects.toThrow("t_vendor_fkey")
      await rollback(open, run.id, null)
      await deleteVendor(database, 3)
      await using _ = await worker(open, run.id)
      await waitForStatus(open, run.id, (one) => one.run.finishedAt !== null)
      expect(await keysOf(database)).toEqual(wanted)
      await expect(database.query("insert into t values (-1, '2024-02-02', 4711)")).rejects.toThrow("t_vendor_fkey")
    },
  )

  it("is dropped after the fallback window without a trace at the other", async () => {
    await using database = await createDatabase("fkgone")
    await using open = await services(database)
    await createTables(database)
    const run = await launchRun(open, {
      table: "t",
      by: "d",
      options: { ...capture, fallbackWindowMs: 0, dropLegacy: "auto" },
    })
    await workUntilQuiet(open, run.id)
    expect(
      await database.query(
        "select conrelid::regclass::text as on from pg_constraint where confrelid = 'vendor'::regclass and conparentid = 0",
      ),
    ).toEqual([{ on: "t" }])
  })
})
