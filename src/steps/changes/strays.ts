import { labelOf } from "../../domain/interval.ts"
import { CutoverError } from "../../errors/CutoverError.ts"
import { renderTableName } from "../../domain/tableName.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, sql, table } from "../../postgres/sql.ts"
import {
  type Bounds,
  addFindings,
  findPartitionByLabel,
  readPartitions,
  saveTableName,
} from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { changeLogOf } from "../../store/changeLog.ts"
import { logKey } from "./logColumns.ts"
import { intervalStartOf, readBounds, withinBounds } from "../keyExpression.ts"
import { freeName } from "../prep/freeName.ts"
import { defaultLabel } from "../prep/survey.ts"

/**
 * Partitions for keys that were written since the survey and fall outside all that there are. They have no blocks to
 * copy: all their rows are in the change log. Returns how many were added.
 */
export async function addStrayPartitions(tx: Queryable, run: Run): Promise<number> {
  const key = ident("cutover_changes", logKey(run))
  const taken = await takenByPartition(tx, run, ident("cutover_changes", logKey(run)))
  const { rows } = await tx.query<{ start: string | null; rows: number }>(sql`
    select ${intervalStartOf(run, key)}::text as start, count(*)::int as rows
    from ${table(changeLogOf(run))} as cutover_changes
    where (${taken}) is not true
    group by 1`)
  const bounds = await readBounds(
    tx,
    run,
    rows.flatMap((row) => (row.start === null ? [] : [row.start])),
  )
  for (const { start } of rows) {
    if (start === null && run.options.nullKeys === "refuse") throw nullKey(run)
    const label = start === null ? defaultLabel : labelOf(run.options.interval, start)
    const within = start === null ? null : (bounds.get(start) ?? null)
    await addFindings(tx, run.id, [{ label, bounds: within, rows: 0, blocks: "{}" }])
    const added = await findPartitionByLabel(tx, run.id, label)
    if (added !== undefined) await saveTableName(tx, added.id, (await freeName(tx, run.table, label)).name)
  }
  return rows.length
}

/** Whether some partition of the run takes rows of that key. */
export async function takenByPartition(tx: Queryable, run: Run, key: Sql): Promise<Sql> {
  const partitions = await readPartitions(tx, run.id)
  return withinAny(
    run,
    key,
    partitions.map((one) => one.bounds),
  )
}

/** Whether one of the bounds, which are in order, takes the key. Neighbours are one range, so that there are few to compare. */
export function withinAny(run: Run, key: Sql, all: readonly (Bounds | null)[]): Sql {
  const ranges: (Bounds | null)[] = []
  for (const bounds of all) {
    const last = ranges.at(-1) ?? null
    if (bounds !== null && last !== null && last.to === bounds.from)
      ranges[ranges.length - 1] = { from: last.from, to: bounds.to }
    else ranges.push(bounds)
  }
  return ranges.length === 0
    ? sql`false`
    : sql`(${join(
        ranges.map((range) => withinBounds(run, key, range)),
        ") or (",
      )})`
}

function nullKey(run: Run): CutoverError {
  return new CutoverError("CUTOVER_KEY_NULLS", {
    message: `A row without ${run.key.column} was written while the run was open, and no partition holds rows without a key.`,
    state: "The swap was not made; the application still uses the source, which is complete.",
    hint: `Give such rows a ${run.key.column}, then: cutover resume ${run.id}. See them: select * from ${renderTableName(run.table)} where ${run.key.column} is null`,
  })
}
