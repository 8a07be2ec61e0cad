import { fillGaps } from "../../domain/gaps.ts"
import { labelOf, seededStarts } from "../../domain/interval.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { raw, sql, table } from "../../postgres/sql.ts"
import type { Bounds } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { intervalStartOfKey, readBounds } from "../keyExpression.ts"
import { defaultLabel } from "../prep/survey.ts"

/** What a look at some blocks of the heap says of its rows; all of it estimated where not every block was read. */
export type Sample = {
  readonly isWhole: boolean
  readonly rows: number
  /** Months that one block holds rows of, on average: 1 where the heap follows the key. */
  readonly monthsPerBlock: number
  readonly partitions: readonly { readonly label: string; readonly bounds: Bounds | null; readonly rows: number }[]
  readonly readBytes: number
  readonly tookMs: number
}

export const nothingSampled: Sample = {
  isWhole: false,
  rows: 0,
  monthsPerBlock: 0,
  partitions: [],
  readBytes: 0,
  tookMs: 0,
}

/** So many blocks (24 MB) are read: a second's work on a slow disk, and enough for months of a hundredth of the rows. */
const sampledBlocks = 3_000

/** Reads some blocks at random (TABLESAMPLE SYSTEM, under ACCESS SHARE), and scales what they hold. */
export async function sampleKeys(db: Queryable, run: Run): Promise<Sample> {
  const { blocks } = await readOne<{ blocks: number }>(
    db,
    sql`select (pg_relation_size(${run.sourceOid}::oid) / current_setting('block_size')::bigint)::float8 as blocks`,
  )
  const percent = blocks <= sampledBlocks ? 100 : (100 * sampledBlocks) / blocks
  const startedAt = performance.now()
  const { rows } = await db.query<{ start: string | null; rows: number; blocks: number; months: number }>(sql`
    with cutover_sample as (
      select (ctid::text::point)[0]::bigint as block, ${intervalStartOfKey(run)} as start
      from only ${table(run.table)} tablesample system (${raw(String(percent))}) repeatable (1)
    )
    select start::text as start, count(*)::float8 as rows,
           (select count(distinct block)::float8 from cutover_sample) as blocks,
           (select count(*)::float8 from (select distinct block, start from cutover_sample) as held) as months
    from cutover_sample
    group by start`)
  const tookMs = performance.now() - startedAt
  const scale = 100 / percent
  const held = rows[0]
  return {
    isWhole: percent === 100,
    rows: Math.round(rows.reduce((all, row) => all + row.rows, 0) * scale),
    monthsPerBlock: held === undefined ? 0 : held.months / held.blocks,
    partitions: await partitionsOf(db, run, new Map(rows.map((row) => [row.start, Math.round(row.rows * scale)]))),
    readBytes: (held?.blocks ?? 0) * 8_192,
    tookMs,
  }
}

async function partitionsOf(
  db: Queryable,
  run: Run,
  rowsOf: ReadonlyMap<string | null, number>,
): Promise<Sample["partitions"]> {
  const { interval, timezone, monthsBack, monthsAhead } = run.options
  const { today } = await readOne<{ today: string }>(
    db,
    sql`select (clock_timestamp() at time zone ${timezone})::date::text as today`,
  )
  const found = [...rowsOf.keys()].filter((start) => start !== null && /^\d{4}-\d\d-\d\d$/.test(start)) as string[]
  const starts = fillGaps(interval, found, seededStarts(interval, today, monthsBack, monthsAhead))
  const bounds = await readBounds(db, run, starts)
  return [
    ...[...bounds].map(([start, within]) => ({
      label: labelOf(interval, start),
      bounds: within,
      rows: rowsOf.get(start) ?? 0,
    })),
    ...(rowsOf.has(null) ? [{ label: defaultLabel, bounds: null, rows: rowsOf.get(null) ?? 0 }] : []),
  ]
}
