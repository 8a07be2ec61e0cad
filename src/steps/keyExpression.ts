import type { Queryable } from "../postgres/Queryable.ts"
import { type Sql, ident, literal, sql } from "../postgres/sql.ts"
import { nextStart } from "../domain/interval.ts"
import { type Bounds, unbounded } from "../store/partitions.ts"
import type { Run } from "../store/runs.ts"
import { withinPlace } from "./split/place.ts"

/** What has to be known of a run to say when its intervals begin. */
export type Keyed = {
  readonly key: Run["key"]
  readonly options: Pick<Run["options"], "interval" | "timezone">
  /** Known once writes are guarded; before, only by whoever imagines a run. */
  readonly blueprint?: Run["blueprint"]
}

/** The first day of the interval that a key falls into, in the run's time zone, as a date. */
export function intervalStartOfKey(run: Run): Sql {
  return intervalStartOf(run, ident(run.key.column))
}

/**
 * The same of any expression of the key's type. It never falls as the key rises, and agrees with `readBounds`: where the
 * clock is set back at midnight (St. John's did so at 00:01), the first minute of a month comes twice, and PostgreSQL
 * takes its second coming for the bound, so what lies before that is still of the interval before.
 */
export function intervalStartOf(run: Run, key: Sql): Sql {
  const interval = literal(run.options.interval)
  if (run.key.type !== "timestamptz") return sql`date_trunc(${interval}, ${key}::timestamp)::date`
  const zone = literal(run.options.timezone)
  const start = sql`date_trunc(${interval}, ${key} at time zone ${zone})`
  return sql`(case when ${key} < ${start} at time zone ${zone}
                   then date_trunc(${interval}, ${start} - interval '1 day') else ${start} end)::date`
}

/** What rows are grouped by before their interval is asked for, and how it leads to the first day of the interval. */
export type Day = { readonly day: Sql; readonly startOf: (day: Sql) => Sql }

/**
 * To tell the interval of a row costs three times what it costs to group it: so rows are grouped by their day, of which there are few.
 * Of a timestamptz the day costs as much as the interval, and does not always tell it.
 */
export function dayOfKey(run: Run): Day {
  if (run.key.type === "timestamptz") return { day: intervalStartOfKey(run), startOf: (day) => day }
  return {
    day: sql`${ident(run.key.column)}::date`,
    startOf: (day) => sql`date_trunc(${literal(run.options.interval)}, ${day}::timestamp)::date`,
  }
}

/** Whether a row of the source falls into the bounds. */
export function keyWithin(run: Run, bounds: Bounds | null): Sql {
  return withinBounds(run, ident(run.key.column), bounds)
}

/**
 * The key of rows that are read by their blocks. LEAST of one value is that value, and of it there is no index. Of months that came
 * after the last ANALYZE PostgreSQL expects no row: it would read all of such a month by the index, for each batch of its blocks.
 */
export function keyByBlocks(run: Run, alias?: string): Sql {
  const { column } = run.key
  return sql`least(${alias === undefined ? ident(column) : ident(alias, column)})`
}

/** Half-open: from inclusive, to exclusive. The default partition holds the rows without a key. */
export function withinBounds(run: Run, key: Sql, bounds: Bounds | null): Sql {
  if (bounds === null) return sql`${key} is null`
  const before = sql`${key} < ${literal(bounds.to)}::${type(run)}`
  return bounds.from === unbounded ? before : sql`${key} >= ${literal(bounds.from)}::${type(run)} and ${before}`
}

/**
 * The bounds of the intervals that begin on these local days, as text of the key's type, in UTC. Where the source is a partition
 * they end where it does; an interval that lies outside has none.
 */
export async function readBounds(db: Queryable, run: Keyed, starts: readonly string[]): Promise<Map<string, Bounds>> {
  const edges = new Set(starts.flatMap((start) => [start, nextStart(run.options.interval, start)]))
  const instant =
    run.key.type === "timestamptz" ? sql`(day::timestamp at time zone ${run.options.timezone})` : sql`day::${type(run)}`
  const { rows } = await db.query<{ day: string; edge: string }>(
    sql`select day, (${withinPlace(run.blueprint?.place, instant, type(run))})::text as edge from unnest(${[...edges]}::text[]) as day`,
  )
  const edgeOf = new Map(rows.map((row) => [row.day, row.edge]))
  return new Map(
    starts
      .map((start): [string, Bounds] => [
        start,
        { from: edgeOf.get(start) ?? start, to: edgeOf.get(nextStart(run.options.interval, start)) ?? start },
      ])
      .filter(([, { from, to }]) => from !== to),
  )
}

function type(run: Keyed): Sql {
  return ident("pg_catalog", run.key.type)
}
