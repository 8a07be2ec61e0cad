import type { BlockRange } from "../../domain/blockRanges.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { type Sql, ident, sql, table } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import { withinBlocks } from "../blocks.ts"
import { dayOfKey, intervalStartOf, intervalStartOfKey } from "../keyExpression.ts"

/** Blocks of the heap, in zones of so many. */
export type Stretch = BlockRange & { readonly zone: number }

/** Finds the intervals of a stretch: rows `start`, `rows`, `blocks`, `low` and `high`, each as text. */
export async function surveyStatement(tx: Queryable, run: Run, stretch: Stretch): Promise<Sql> {
  return (await isMixed(tx, run, stretch)) ? mixedStatement(run, stretch) : zonesStatement(run, stretch)
}

/** So many places of a stretch are looked at, and of each so many blocks, to tell whether it is mixed. */
const places = 4
const blocksOfPlace = 16

/** An interval that lies all over the stretch is found in nearly all places; in a heap in order, or nearly so, in one or two. */
const placesOfInterval = 3

/** With as many intervals in each place the heap will be swept, wherever within the stretch their rows are. */
const intervalsOfPlace = 3

/** Whether the same intervals, several of them, are found in places that are far from each other. */
async function isMixed(tx: Queryable, run: Run, { from, to }: Stretch): Promise<boolean> {
  const apart = Math.floor((to - from) / places)
  if (apart < blocksOfPlace) return false
  const blocks = Array.from({ length: places }, (_, n) => from + n * apart)
  const { mixed } = await readOne<{ mixed: boolean }>(
    tx,
    sql`
    select count(start) >= ${places * intervalsOfPlace}::int
           and count(start) >= ${placesOfInterval}::int * count(distinct start) as mixed
    from unnest(${blocks}::bigint[]) as cutover_zone (block)
    cross join lateral (
      select distinct ${intervalStartOfKey(run)} as start ${rowsOfZone(run, to, blocksOfPlace)}
    ) as cutover_found`,
  )
  return mixed
}

/** Of a mixed stretch each interval has all blocks: to tell them apart would cost more than the rest, and say the same. */
function mixedStatement(run: Run, { from, to }: Stretch): Sql {
  const key = ident(run.key.column)
  const { day, startOf } = dayOfKey(run)
  return sql`
    select ${startOf(sql`cutover_found.day`)}::text as start,
           sum(cutover_found.rows)::text as rows,
           ${`{[${from},${to})}`} as blocks,
           min(cutover_found.low)::text as low,
           max(cutover_found.high)::text as high
    from (
      select ${day} as day, count(*) as rows, min(${key}) as low, max(${key}) as high
      from only ${table(run.table)} as cutover_source
      where ${withinBlocks({ from, to })}
      group by 1
    ) as cutover_found
    group by 1`
}

/**
 * TID range scans (PostgreSQL 14) read just the blocks of each zone. The ungrouped lateral subqueries are planned on their
 * own, with the zone's limits as parameters; pulled up, their conditions would not reach the scan.
 *
 * The lowest and the highest key cost a fraction of the interval of each row, and where both are of one interval, so
 * are all between them: only the other zones are read again, row by row.
 */
function zonesStatement(run: Run, { from, to, zone }: Stretch): Sql {
  const key = ident(run.key.column)
  const start = (of: string): Sql => intervalStartOf(run, ident("cutover_keys", of))
  const ofZone = rowsOfZone(run, to, zone)
  return sql`
    select cutover_found.start::text as start,
           sum(cutover_found.rows)::text as rows,
           range_agg(int8range(cutover_zone.block, least(cutover_zone.block + ${zone}::bigint, ${to}::bigint)))::text as blocks,
           min(cutover_found.low)::text as low,
           max(cutover_found.high)::text as high
    from generate_series(${from}::bigint, ${to}::bigint - 1, ${zone}::bigint) as cutover_zone (block)
    cross join lateral (
      select count(*) as rows, count(${key}) as keys, min(${key}) as low, max(${key}) as high ${ofZone}
    ) as cutover_keys
    cross join lateral (
      select coalesce(cutover_keys.rows = cutover_keys.keys and ${start("low")} = ${start("high")}, false) as uniform
    ) as cutover_kind
    cross join lateral (
      select ${start("low")} as start, cutover_keys.rows, cutover_keys.low, cutover_keys.high
      where cutover_kind.uniform
      union all
      select ${intervalStartOfKey(run)}, count(*), min(${key}), max(${key}) ${ofZone} and not cutover_kind.uniform
      group by 1
    ) as cutover_found
    group by 1`
}

/** FROM and WHERE of the rows in the zone that begins with `cutover_zone.block`. */
function rowsOfZone(run: Run, to: number, zone: number): Sql {
  return sql`
    from only ${table(run.table)} as cutover_source
    where ctid >= format('(%s,0)', cutover_zone.block)::tid
      and ctid < format('(%s,0)', least(cutover_zone.block + ${zone}::bigint, ${to}::bigint))::tid`
}
