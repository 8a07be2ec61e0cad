import { labelOf } from "../../domain/interval.ts"
import { nextBatchBlocks, paceLimits, zoneBlocks } from "../../domain/pace.ts"
import { CutoverError } from "../../errors/CutoverError.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, ident, sql } from "../../postgres/sql.ts"
import { type Bounds, addFindings } from "../../store/partitions.ts"
import { type Run, saveRunFacts } from "../../store/runs.ts"
import type { RunStep } from "../Step.ts"
import { watchHeap } from "../source/watchSource.ts"
import { readBounds } from "../keyExpression.ts"
import { surveyStatement } from "./surveyStatement.ts"

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
  const statement = await surveyStatement(tx, run, { from, to, zone: zoneBlocks(heapBlocks) })
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
