import { assertPartitioned, columns, key, source } from "../returns.ts"
import { createFullTarget, monthsOf, target } from "../target.ts"
import { timed } from "../timed.ts"
import type { Contender } from "./Contender.ts"

/** What docs/runbook.md does by hand: month after month, counts, two renames, and ANALYZE. */
export const runbook: Contender = {
  kind: "runbook",
  name: "runbook by hand",
  says: "month after month into the partitioned table with its indexes, then a count of each month on both sides, two renames in one transaction, and `ANALYZE`.",
  parallel: 1,
  prepare: async ({ client }, data) => await createFullTarget(client, data),
  run: async ({ client }, data) => {
    const months = monthsOf(data).map(({ from, to }) => `${key} >= '${from}' and ${key} < '${to}'`)
    const copyMs = await timed(async () => {
      for (const month of months)
        await client.query(`insert into ${target} (${columns}) select ${columns} from ${source} where ${month}`)
    })
    const countMs = await timed(async () => {
      for (const month of months) {
        await client.query(`select count(*) from ${source} where ${month}`)
        await client.query(`select count(*) from ${target} where ${month}`)
      }
    })
    const swapMs = await timed(() => client.query(swapSql))
    return {
      ms: copyMs + countMs + swapMs,
      process: null,
      parts: { "copy alone": copyMs, counts: countMs, "renames and ANALYZE": swapMs },
    }
  },
  check: async ({ client }, data) => await assertPartitioned(client, source, data),
}

const nameOf = (table: string): string => table.replace("public.", "")

const swapSql = `
begin;
alter table ${source} rename to ${nameOf(source)}_legacy;
alter table ${target} rename to ${nameOf(source)};
commit;
analyze ${source}`
