import { legacyName } from "../../domain/derivedNames.ts"
import { renderTableName } from "../../domain/tableName.ts"
import { CutoverError } from "../../errors/CutoverError.ts"
import { type Queryable, findOne } from "../../postgres/Queryable.ts"
import { describeTable } from "../../postgres/catalog/describeTable.ts"
import { type Sql, ident, sql, table } from "../../postgres/sql.ts"
import { followsBack } from "../changes/captureBack.ts"
import type { Place } from "../../store/Blueprint.ts"
import type { Run } from "../../store/runs.ts"
import { type Reading, readNext } from "../swap/Reading.ts"
import { differencesOfPlace, findPlace, placeCheck, placeOf } from "./place.ts"

/**
 * The legacy table of a split, read once, is proven to hold rows of its place alone: a rollback then attaches it without a scan.
 * VALIDATE takes SHARE UPDATE EXCLUSIVE on a table that the application does not use.
 */
export async function unprovenLegacy(db: Queryable, run: Run): Promise<Reading[]> {
  const statements = proofStatements(run)
  if (statements.length === 0) return []
  const unproven = await findOne(
    db,
    sql`select from pg_constraint where conrelid = ${run.sourceOid} and conname = ${placeCheck} and not convalidated`,
  )
  return unproven === undefined ? [] : [statements]
}

export function proofStatements(run: Run): Sql[] {
  if (placeOf(run) === undefined || !followsBack(run)) return []
  return [sql`alter table ${table(legacyName(run.table))} validate constraint ${ident(placeCheck)}`]
}

/** Throws when the legacy table cannot take its place again, or only by work under the lock; proves its bounds where that is not done yet. */
export async function assertLegacyFits(tx: Queryable, run: Run): Promise<void> {
  const place = placeOf(run)
  if (place === undefined) return
  const [difference] = differencesOfPlace(place, await findPlace(tx, run.targetOid ?? 0, run.key.column))
  if (difference !== undefined) throw noWayBack(run, difference, "Make it as it was, and roll back again.")
  const missing = await whatItLacks(tx, run, place)
  if (missing !== undefined) throw noWayBack(run, missing.lacks, missing.hint)
  await readNext(tx, await unprovenLegacy(tx, run))
}

/** What was added to the whole since the swap, which ATTACH would build, or refuse. */
async function whatItLacks(
  tx: Queryable,
  run: Run,
  { whole, wholeOid }: Place,
): Promise<{ readonly lacks: string; readonly hint: string } | undefined> {
  const [all, legacy] = [await describeTable(tx, wholeOid), await describeTable(tx, run.sourceOid)]
  const name = renderTableName(legacyName(run.table))
  const index = all?.indexes.find(
    (one) => !legacy?.indexes.some((other) => other.tail === one.tail && other.isUnique === one.isUnique),
  )
  if (index !== undefined)
    return {
      lacks: `the index ${index.name} of ${renderTableName(whole)} has none like it on ${name}, and would be built under the lock`,
      hint: `Build it there first, concurrently: ${index.definition.replace(" ON ONLY ", " ON ")}`,
    }
  const check = all?.checks.find(
    (one) => !legacy?.checks.some((other) => other.name === one.name && other.definition === one.definition),
  )
  if (check !== undefined)
    return {
      lacks: `the constraint ${check.name} of ${renderTableName(whole)} is not on ${name}`,
      hint: `Add it there first, under the same name: ${check.definition}`,
    }
  return undefined
}

function noWayBack(run: Run, why: string, hint: string): CutoverError {
  return new CutoverError("CUTOVER_NO_WAY_BACK", {
    message: `Run ${run.id} of ${renderTableName(run.table)} cannot be rolled back: ${why}.`,
    state: "Nothing was swapped; the run goes on as it was.",
    hint,
  })
}
