import { renderTableName } from "../../../domain/tableName.ts"
import { boundaryAfter } from "../../relabel/boundary.ts"
import type { Boundary } from "../../../store/Blueprint.ts"
import { type Check, type CheckContext, type Finding, block, warn } from "../Check.ts"
import { farYears, isOrdinary, nullFindings } from "./checkKeys.ts"
import { type KeyBounds, readKeyBounds } from "./keyBounds.ts"

/** Where the history would end, and what that asks of writers until the swap. How far back it reaches does not matter. */
export const checkHistoryKeys: Check = async (context) => {
  const bounds = await readKeyBounds(context)
  const unfit = [...nullFindings(context, bounds), ...lastKeyFindings(context, bounds)]
  if (unfit.length > 0) return unfit
  const { edge } = await boundaryAfter(context.db, context, bounds.high)
  const { table, key } = context
  return [
    warn(
      "CUTOVER_RELABEL_BOUNDARY",
      `${renderTableName(table)} becomes one partition up to ${edge}. From prep to the swap, rows whose ${key.column} is ${edge} or later, or NULL, are refused; the table is read once in that time.`,
      "Launch when no such rows are written. Months from there on are partitions of their own.",
    ),
  ]
}

/** Where the history would end, were the run launched now. What no boundary can follow is for a finding to say. */
export async function guessBoundary(context: CheckContext): Promise<Boundary> {
  const { high } = await readKeyBounds(context)
  return await boundaryAfter(context.db, context, high !== null && isOrdinary(high) ? high : null)
}

function lastKeyFindings({ table, key, options }: CheckContext, bounds: KeyBounds): Finding[] {
  const name = renderTableName(table)
  const { high, usualHigh, isWhole } = bounds
  if (!isWhole && !options.ensureIndexes.some((columns) => columns[0] === key.column))
    return [
      block(
        "CUTOVER_RELABEL_BOUNDARY",
        `no index of ${name} begins with ${key.column}, so its last key could only be found by reading the whole table; rows past a guessed boundary could not be updated any more.`,
        `Launch with --ensure-index ${key.column}, which builds one first.`,
      ),
    ]
  const select = `select * from ${name} where ${key.column} >= '${high ?? ""}'`
  if (high !== null && !isOrdinary(high))
    return [
      block(
        "CUTOVER_KEY_OUT_OF_BOUNDS",
        `${name}.${key.column} reaches to ${high}, after which no partition can begin.`,
        `Correct such rows first: ${select}.`,
      ),
    ]
  if (high !== null && usualHigh !== null && isOrdinary(usualHigh) && farYears(usualHigh, high))
    return [
      block(
        "CUTOVER_KEY_OUTLIERS",
        `${key.column} reaches to ${high}, and but for a hundredth of the rows to ${usualHigh}: the history would end where nobody writes for years.`,
        `Correct such rows first: ${select}.`,
      ),
    ]
  return []
}
