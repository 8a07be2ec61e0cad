import { labelOf } from "../../domain/interval.ts"
import { nextBatchBlocks, paceLimits, zoneBlocks } from "../../domain/pace.ts"
import { CutoverError } from "../../errors/CutoverError.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { type Sql, ident, sql, table } from "../../postgres/sql.ts"
import { type Bounds, addFindings } from "../../store/partitions.ts"
import { type Run, saveRunFacts } from "../../store/runs.ts"
import type { RunStep } from "../Step.ts"
import { withinBlocks } from "../copy/copyBatch.ts"
import { watchHeap } from "../source/watchSource.ts"
import { dayOfKey, intervalStartOf, intervalStartOfKey, readBounds } from "../keyExpression.ts"

/** The label of the partition for rows without a key. */
export const defaultLabel = "default"

/**
 * Notes for the next stretch of the heap which months live there: how many rows, and in which blocks. It takes one
 * pass over the table, in bounded batches; copy and validation then read of each month only its own blocks.
 */
export const survey: RunStep = async (context) => {
  const { tx, run } = context
  await watchHeap(context)
  const heapBlocks = run.heapBlocks ?? 0
  const from = run.surveyedBlocks
  const to = Math.min(heapBlocks, from + run.batchBlocks)
  const startedAt = performance.now()
  const stretch = { from, to, zone: zoneBlocks(heapBlocks) }
  const statement = (await isMixed(tx, run, stretch)) ? mixedStatement(run, stretch) : zonesStatement(run, stretch)
  const { rows } = await tx.query<SurveyRow>(statement)
  const elapsedMs = performance.now() - startedAt
  await saveFindings(tx, run, rows)
  const blocks = to - from
  await saveRunFacts(tx, run.id, {
    surveyedBlocks: to,
    ...(blocks === run.batchBlocks
      ? { batchBlocks: nextBatchBlocks({ blocks, elapsedMs, targetMs: run.options.batchTargetMs, ...paceLimits }) }
      : {}),
  })
  return { event: { type: "survey.advanced", finished: to >= heapBlocks } }
}

type SurveyRow = {
  readonly start: string | null
  readonly rows: string
  readonly blocks: string
  readonly low: string | null
  readonly high: string | null
}

/** Blocks `from` inclusive to `to` exclusive, in zones of so many. */
type Stretch = { readonly from: number; readonly to: number; readonly zone: number }

/** So many zones of a stretch are looked at, and of each so many blocks, to tell whether it is mixed. */
const sampledZones = 4
const sampledBlocks = 16

/** With as many intervals in each of them the heap will be swept, wherever within the stretch their rows are. */
const mixedIntervals = 3

/** Whether all the zones looked at hold rows of several intervals. */
async function isMixed(tx: Queryable, run: Run, { from, to }: Stretch): Promise<boolean> {
  const blocks = Array.from({ length: sampledZones }, (_, n) => from + Math.floor((n * (to - from)) / sampledZones))
  const { mixed } = await readOne<{ mixed: boolean }>(
    tx,
    sql`
    select bool_and(cutover_found.intervals >= ${mixedIntervals}::int) as mixed
    from unnest(${blocks}::bigint[]) as cutover_zone (block)
    cross join lateral (
      select count(distinct ${intervalStartOfKey(run)}) as intervals ${rowsOfZone(run, to, sampledBlocks)}
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

async function saveFindings(tx: Queryable, run: Run, rows: readonly SurveyRow[]): Promise<void> {
  const starts = rows.flatMap((row) => (row.start === null ? [] : [finite(run, row.start)]))
  const bounds = await readBounds(tx, run, starts)
  await assertWithin(tx, run, rows, bounds)
  const nulls = rows.find((row) => row.start === null)
  if (nulls !== undefined && run.options.nullKeys === "refuse") throw unexpectedNulls(run, nulls.rows)
  const found = rows.map(({ start, rows: count, blocks }) => ({
    label: start === null ? defaultLabel : labelOf(run.options.interval, start),
    bounds: start === null ? null : (bounds.get(start) ?? null),
    rows: Number(count),
    blocks,
  }))
  await addFindings(tx, run.id, found)
}

/**
 * Of a month only its own blocks are copied, and compared: a row that the survey took for another month's than its bounds
 * do would be missing on both sides.
 */
export async function assertWithin(
  tx: Queryable,
  run: Run,
  rows: readonly Pick<SurveyRow, "start" | "low" | "high">[],
  bounds: ReadonlyMap<string, Bounds>,
): Promise<void> {
  const found = rows.flatMap(({ start, low, high }) =>
    start === null ? [] : [{ start, low, high, ...bounds.get(start) }],
  )
  const type = sql`${ident("pg_catalog", run.key.type)}[]`
  const of = (name: "low" | "high" | "from" | "to"): Sql => sql`${found.map((one) => one[name] ?? null)}::${type}`
  const { rows: outside } = await tx.query<{ start: string }>(sql`
    select start
    from unnest(${found.map((one) => one.start)}::text[], ${of("low")}, ${of("high")}, ${of("from")}, ${of("to")})
      as cutover_found (start, low, high, lower, upper)
    where (low >= lower and high < upper) is not true`)
  if (outside.length > 0)
    throw new Error(
      `rows of ${run.key.column} lie outside of the intervals that begin at ${outside.map((one) => one.start).join(", ")}`,
    )
}

function finite(run: Run, start: string): string {
  if (/^\d{4}-\d\d-\d\d$/.test(start)) return start
  throw new CutoverError("CUTOVER_KEY_OUT_OF_BOUNDS", {
    message: `Rows have a ${run.key.column} in the interval that begins at ${start}, which no partition can be made for.`,
    state: "Nothing was copied yet.",
    hint: "Abort the run, correct these rows, and launch again.",
    details: { start },
  })
}

function unexpectedNulls(run: Run, rows: string): CutoverError {
  return new CutoverError("CUTOVER_KEY_NULLS", {
    message: `${rows} rows have no ${run.key.column}, and no partition holds rows without a key.`,
    state: "Nothing was copied yet.",
    hint: "Abort the run, then give these rows a key, or launch with --null-keys default-partition.",
    details: { rows },
  })
}
