import { ident, sql } from "../../../postgres/sql.ts"
import { requireBlueprint } from "../../requireBlueprint.ts"
import type { Belonging } from "../exchange.ts"

/** Extended statistics, by their names. Those that were dropped since the swap do not stop a rollback. */
export const statisticsNames: Belonging = {
  read: async (db, { run, front, back }) => {
    const { rows: present } = await db.query<{ schema: string; name: string }>(sql`
      select n.nspname as schema, s.stxname as name
      from pg_statistic_ext s
      join pg_namespace n on n.oid = s.stxnamespace
      where s.stxrelid = ${front.oid}`)
    return {
      take: [],
      give: requireBlueprint(run).source.statistics.flatMap(({ schema, name }) => [
        ...present
          .filter((one) => one.schema === schema && one.name === name)
          .map(() => sql`alter statistics ${ident(schema, name)} rename to ${ident(front.park(name))}`),
        sql`alter statistics ${ident(schema, back.park(name))} rename to ${ident(name)}`,
      ]),
    }
  },
  mark: ({ front }) => sql`
    select string_agg(concat_ws('/', s.oid, s.xmin), ' ' order by s.oid) from pg_statistic_ext s where s.stxrelid = ${front.oid}`,
}
