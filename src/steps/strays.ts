import { labelOf } from "../domain/interval.ts"
import { CutoverError } from "../errors/CutoverError.ts"
import { renderTableName } from "../domain/tableName.ts"
import type { Queryable } from "../postgres/Queryable.ts"
import { ident, sql, table } from "../postgres/sql.ts"
import { addFinding, saveTableName } from "../store/partitions.ts"
import { findPartitionByLabel } from "../store/partitions.ts"
import type { Run } from "../store/runs.ts"
import { changeLogOf } from "../store/changeLog.ts"
import { logKey } from "./changeLog.ts"
import { intervalStartOf, readBounds } from "./keyExpression.ts"
import { nameOf } from "./scaffold.ts"
import { defaultLabel } from "./survey.ts"

/**
 * Partitions for keys that were written since the survey and fall outside all that there are. They have no blocks to
 * copy: all their rows are in the change log. Returns how many were added.
 */
export async function addStrayPartitions(tx: Queryable, run: Run): Promise<number> {
  const key = ident("cutover_changes", logKey(run))
  const { rows } = await tx.query<{ start: string | null; rows: number }>(sql`
    select ${intervalStartOf(run, key)}::text as start, count(*)::int as rows
    from ${table(changeLogOf(run))} as cutover_changes
    where not exists (
      select from cutover.partitions p
      where p.run_id = ${run.id}
        and ((p.lower_bound is null and ${key} is null)
             or (${key} >= p.lower_bound::${ident("pg_catalog", run.key.type)} and ${key} < p.upper_bound::${ident("pg_catalog", run.key.type)}))
    )
    group by 1`)
  const bounds = await readBounds(tx, run, rows.flatMap((row) => (row.start === null ? [] : [row.start])))
  for (const { start } of rows) {
    if (start === null && run.options.nullKeys === "refuse") throw nullKey(run)
    const label = start === null ? defaultLabel : labelOf(run.options.interval, start)
    await addFinding(tx, run.id, { label, bounds: start === null ? null : (bounds.get(start) ?? null), rows: 0, blocks: "{}" })
    const added = await findPartitionByLabel(tx, run.id, label)
    if (added !== undefined) await saveTableName(tx, added.id, nameOf(run.table, label).name)
  }
  return rows.length
}

function nullKey(run: Run): CutoverError {
  return new CutoverError("CUTOVER_KEY_NULLS", {
    message: `A row without ${run.key.column} was written while the run was open, and no partition holds rows without a key.`,
    state: "The swap was not made; the application still uses the source, which is complete.",
    hint: `Give such rows a ${run.key.column}, then: cutover resume ${run.id}. See them: select * from ${renderTableName(run.table)} where ${run.key.column} is null`,
  })
}
