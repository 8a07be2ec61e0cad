import type { Queryable } from "../../../postgres/Queryable.ts"
import { ident, sql } from "../../../postgres/sql.ts"
import type { Belonging } from "../exchange.ts"

type Statistics = { readonly schema: string; readonly name: string; readonly what: string }

/** Extended statistics: LIKE … INCLUDING STATISTICS made the same for the other table, under names of its own. */
export const statisticsNames: Belonging = {
  read: async (db, { front, back }) => {
    const others = await readStatistics(db, back.oid)
    const pairs = (await readStatistics(db, front.oid)).flatMap((mine) => {
      const at = others.findIndex((other) => other.what === mine.what)
      return at < 0 ? [] : others.splice(at, 1).map((other) => ({ mine, other }))
    })
    return {
      take: [],
      give: pairs.flatMap(({ mine, other }) => [
        sql`alter statistics ${ident(mine.schema, mine.name)} rename to ${ident(front.park(mine.name))}`,
        sql`alter statistics ${ident(other.schema, other.name)} rename to ${ident(mine.name)}`,
      ]),
    }
  },
  mark: ({ front }) => sql`
    select string_agg(concat_ws('/', s.oid, s.xmin), ' ' order by s.oid) from pg_statistic_ext s where s.stxrelid = ${front.oid}`,
}

async function readStatistics(db: Queryable, oid: number): Promise<Statistics[]> {
  const { rows } = await db.query<Statistics>(sql`
    select n.nspname as schema, s.stxname as name,
           concat_ws(' ', s.stxkind::text, pg_get_statisticsobjdef_columns(s.oid)) as what
    from pg_statistic_ext s
    join pg_namespace n on n.oid = s.stxnamespace
    where s.stxrelid = ${oid}
    order by s.oid`)
  return rows
}
