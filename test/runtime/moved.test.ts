import { describe, expect, it } from "vitest"
import { type TestDatabase, createDatabase } from "../support/database.ts"
import { contentOf } from "../support/oracle.ts"
import { stepTo } from "../support/jobs.ts"
import { isQuiet, launchRun, services, waitForStatus, worker } from "../support/runs.ts"
import { FaultProxy } from "../support/wire/faultProxy.ts"

const heapBlocks = 400
const batchBlocks = 64

/** Two rows fill a block, and there is room only in one of the last: where an UPDATE of one of the first puts it. */
async function createWithRoomAtEnd(database: TestDatabase): Promise<void> {
  await database.query(`
    create table t (id int primary key, d date not null, v text);
    alter table t alter v set storage plain;
    insert into t select g, date '2024-01-01' + g % 30, repeat('v', 3900) from generate_series(1, 800) g;
    create index on t (d);
    delete from t where id in (797, 798)`)
  // Of few dead rows a plain VACUUM leaves the indexes alone, and tells nobody of the room.
  await database.query("vacuum (index_cleanup on) t")
}

async function blockOf(database: TestDatabase, id: number): Promise<number> {
  const [found] = await database.query<{ block: number }>(
    "select (ctid::text::point)[0]::int as block from t where id = $1",
    [id],
  )
  return found?.block ?? -1
}

describe("a row that an UPDATE carries ahead of the copy", () => {
  it("is there once afterwards, as it is now; and what was deleted behind the copy is gone", async () => {
    await using database = await createDatabase("moved")
    await createWithRoomAtEnd(database)
    let batches = 0
    let moved: readonly [number, number] | undefined
    const write = async (): Promise<void> => {
      const from = await blockOf(database, 1)
      await database.query("update t set v = 'moved' || v where id = 1")
      moved = [from, await blockOf(database, 1)]
      await database.query("delete from t where id = 2; update t set d = d + 1 where id = 3")
    }
    await using proxy = await FaultProxy.start(database.url, ({ text }) => {
      if (!/^\s*insert into "public"."t_2024_01"/.test(text) || ++batches > 1) return undefined
      return { type: "hold", when: "after", until: write }
    })
    await using open = await services({ ...database, url: proxy.url })
    const run = await launchRun(open, {
      table: "t",
      by: "d",
      options: { writes: "capture", monthsAhead: 0, monthsBack: 0 },
    })
    const job = await stepTo(open, run.id, "copy")
    await database.query("update cutover.runs set batch_blocks = $1", [batchBlocks])
    await open.queue.giveBack(run.id, job)
    await using _ = await worker(open, run.id)
    const status = await waitForStatus(open, run.id, isQuiet)
    expect(status.run).toMatchObject({ state: "cleanup", error: null })
    // Otherwise the row was not met twice, and nothing is shown.
    expect(moved?.[0]).toBeLessThan(batchBlocks)
    expect(moved?.[1]).toBeGreaterThanOrEqual(batchBlocks)
    expect(moved?.[1]).toBeLessThan(heapBlocks)
    expect(await contentOf(database, "t")).toEqual(await contentOf(database, "t_legacy"))
  })
})
