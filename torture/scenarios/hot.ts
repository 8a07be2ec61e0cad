import { createDatabase } from "../../test/support/database.ts"
import { launchRun, services, workUntil, workUntilQuiet } from "../../test/support/runs.ts"
import { createTruth } from "../../test/support/writers.ts"
import type { Scenario } from "../Scenario.ts"
import { judge } from "../judge.ts"

/** A quick torture shows that it is played at all. */
const updates = { quick: 100_000, usual: 1_000_000, full: 1_000_000 }

/** One row, updated a million times while the run lives, from month to month. */
export const hot: Scenario = {
  id: "D4",
  name: "hot",
  says: "one row updated a million times: its last version is there",
  seeds: { quick: 1, usual: 1, full: 1 },
  run: async (server, _seed, { rows, size }) => {
    await using database = await createDatabase("torture", server.url)
    await using open = await services(database)
    await createTruth(database, rows)
    const run = await launchRun(open, { table: "t", by: "d", options: { writes: "capture", batchTargetMs: 50 } })
    await workUntil(open, run.id, (one) => one.run.state !== "prep")
    await database.query(`do $$ begin for i in 1..${updates[size]} loop
      update t set amount = i % 1000, d = timestamptz '2024-01-01 00:00+00' + i % 365 * interval '1 day' where id = 7;
      if i % 500 = 0 then commit; end if; end loop; end $$`)
    await database.query("delete from truth; insert into truth select * from t")
    const status = await workUntilQuiet(open, run.id)
    const report = { transactions: 1, errors: [], longestMs: 0 }
    return await judge(database, report, {
      wanted: "cleanup",
      status,
      ms: { lockHeld: status.attach.lockHeldMs ?? Number.NaN },
    })
  },
}
