import { nextStart } from "../../src/domain/interval.ts"
import { flightsTable } from "../flights.ts"
import type { Contender } from "./Contender.ts"

const target = "public.flights_by_month"

/** One statement, as anybody would write it: it proves nothing, and when it fails it has done nothing. */
export const naive: Contender = {
  name: "naive insert",
  says: "`INSERT INTO … SELECT` of all rows into the partitioned table with its indexes, which is there before; nothing is compared.",
  table: target,
  prepare: async ({ client }, { months }) => {
    await client.query(targetSql)
    for (const month of Object.keys(months)) {
      const from = `${month}-01`
      await client.query(
        `create table ${target}_${month.replace("-", "_")} partition of ${target}
         for values from ('${from}') to ('${nextStart("month", from)}')`,
      )
    }
  },
  run: async ({ client }) => {
    const startedAt = performance.now()
    await client.query(`insert into ${target} (${columns}) select ${columns} from ${flightsTable}`)
    return { ms: performance.now() - startedAt, process: null, parts: {} }
  },
}

const columns = "id, date, delay, distance, origin, destination"

const targetSql = `
create table ${target} (like ${flightsTable}) partition by range (date);
alter table ${target} add primary key (id, date);
create index on ${target} (date);
create index on ${target} (origin, date);
create index on ${target} (destination, date)`
