import { countIntervals, intervals } from "../../../domain/interval.ts"
import { renderTableName } from "../../../domain/tableName.ts"
import { readOne } from "../../../postgres/Queryable.ts"
import { sql } from "../../../postgres/sql.ts"
import { type Check, type CheckContext, type Finding, block, ok, warn } from "../Check.ts"
import { type KeyBounds, readKeyBounds } from "./keyBounds.ts"

/** Planning a statement that cannot be pruned takes time and locks for each partition (PostgreSQL manual, 5.12.6). */
const manyPartitions = 500
const mostPartitions = 2_000

/** What keys there are: whether each fits a partition, and whether the partitions are a number one can live with. */
export const checkKeys: Check = async (context) => {
  const bounds = await readKeyBounds(context)
  const unfit = [...nullFindings(context, bounds), ...edgeFindings(context, bounds)]
  if (unfit.length > 0) return unfit
  return [...rangeFindings(context, bounds), ...(await partitionFindings(context, bounds))]
}

export function nullFindings({ key, options }: CheckContext, { nulls, isWhole }: KeyBounds): Finding[] {
  if (nulls === 0 || options.nullKeys !== "refuse") return []
  return [
    block(
      "CUTOVER_KEY_NULLS",
      `${nulls} rows${isWhole ? "" : ", in a sample alone,"} have no ${key.column}, and no range of a partition holds NULL.`,
      `Give them a ${key.column}, or launch with --null-keys default-partition.`,
    ),
  ]
}

function edgeFindings({ table, key }: CheckContext, { low, high }: KeyBounds): Finding[] {
  const name = renderTableName(table)
  return [low, high]
    .filter((edge) => edge !== null)
    .filter((edge) => !isOrdinary(edge))
    .map((edge) =>
      block(
        "CUTOVER_KEY_OUT_OF_BOUNDS",
        `${name}.${key.column} reaches to ${edge}, which no partition can be made for.`,
        `Correct such rows first: select * from ${name} where ${key.column} ${edge === low ? "<=" : ">="} '${edge}'.`,
      ),
    )
}

/** A day of the years 1 to 9998, so that the interval that it is in has an end that can be written. */
export function isOrdinary(day: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(day) && !day.startsWith("9999")
}

/** Keys far from all the others are mistakes more often than not; each would get a partition of its own. */
function rangeFindings({ table, key }: CheckContext, bounds: KeyBounds): Finding[] {
  const { low, high, usualLow, usualHigh, isWhole } = bounds
  if (low === null || high === null || usualLow === null || usualHigh === null)
    return [ok("CUTOVER_KEY_OUT_OF_BOUNDS", `${renderTableName(table)} holds no rows yet.`)]
  const far = farYears(low, usualLow) || farYears(usualHigh, high)
  const how = isWhole ? "" : " in a sample; all of it is read before anything is copied"
  if (!far) return [ok("CUTOVER_KEY_OUT_OF_BOUNDS", `${key.column} is from ${low} to ${high}${how}.`)]
  return [
    warn(
      "CUTOVER_KEY_OUTLIERS",
      `${key.column} is from ${low} to ${high}, but for a hundredth of the rows from ${usualLow} to ${usualHigh}: the others get partitions of their own.`,
      `If they are mistakes, correct them first: select * from ${renderTableName(table)} where ${key.column} < '${usualLow}' or ${key.column} > '${usualHigh}'.`,
    ),
  ]
}

/** Whether there are more than twenty years between the two days. */
export function farYears(from: string, to: string): boolean {
  return countIntervals("year", from, to) > 20
}

async function partitionFindings({ db, options, source }: CheckContext, bounds: KeyBounds): Promise<Finding[]> {
  const { usualLow, usualHigh } = bounds
  if (usualLow === null || usualHigh === null) return []
  const counts = intervals.map((interval) => ({ interval, count: countIntervals(interval, usualLow, usualHigh) }))
  const seeded = options.monthsAhead + options.monthsBack + 1
  const count = (counts.find((one) => one.interval === options.interval)?.count ?? 0) + seeded
  const fitting = counts.find((one) => one.count <= manyPartitions)?.interval ?? "year"
  if (count > mostPartitions)
    return [
      block(
        "CUTOVER_TOO_MANY_PARTITIONS",
        `about ${count} partitions of a ${options.interval} each would be made; beyond ${mostPartitions}, planning and locking every one takes longer than most statements.`,
        `Launch with --interval ${fitting}.`,
      ),
    ]
  if (count > manyPartitions)
    return [
      warn(
        "CUTOVER_TOO_MANY_PARTITIONS",
        `about ${count} partitions of a ${options.interval} each will be made; a statement that does not name the partition key plans for all of them.`,
        `A longer interval makes fewer: --interval ${fitting}.`,
      ),
    ]
  const locks = count * (1 + source.indexes.length)
  const { capacity } = await readOne<{ capacity: number }>(
    db,
    sql`
    select current_setting('max_locks_per_transaction')::int
           * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int) as capacity`,
  )
  const facts = `about ${count} partitions; a statement that reads them all takes ${locks} locks, and the server has room for ${capacity}`
  return locks * 4 < capacity
    ? [ok("CUTOVER_LOCK_TABLE", `${facts}.`)]
    : [
        warn(
          "CUTOVER_LOCK_TABLE",
          `${facts}: a few such statements at once would fail with "out of shared memory".`,
          "Raise max_locks_per_transaction (it needs a restart), or choose a longer interval.",
        ),
      ]
}
