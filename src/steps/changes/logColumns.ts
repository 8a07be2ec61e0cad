import { type Sql, ident, join, raw, sql } from "../../postgres/sql.ts"
import type { Run } from "../../store/runs.ts"
import { requireBlueprint } from "../requireBlueprint.ts"

/** A column of a change log, and the column of the table whose values it takes. */
export type LogColumn = { readonly name: string; readonly of: string; readonly type: Sql }

/** What tells the rows of a log apart: the columns of the source's identity, then the partition key. */
export function logColumns(run: Run): LogColumn[] {
  const { identity, source } = requireBlueprint(run)
  if (identity === null) throw new Error(`run ${run.id} captures writes to a table without identity`)
  const of = identity.includes(run.key.column) ? identity : [...identity, run.key.column]
  return of.map((name, n) => {
    const column = source.columns.find((one) => one.name === name)
    if (column === undefined) throw new Error(`run ${run.id} has no column ${name} any more`)
    // Without the column's collation, texts of the log and of the table could not be compared (42P22).
    const collation = column.collation === null ? "" : ` collate ${column.collation}`
    return { name: `k${n + 1}`, of: name, type: raw(`${column.type}${collation}`) }
  })
}

/** The column of the log that holds the partition key. */
export function logKey(run: Run): string {
  return logColumns(run).find((column) => column.of === run.key.column)?.name ?? ""
}

/** The columns of a log as CREATE TABLE wants them. */
export function logDefinition(run: Run): Sql {
  return join(logColumns(run).map((column) => sql`${ident(column.name)} ${column.type}`))
}

/** Whether a row of the table `alias` has the keys of a row of `log`; both are aliases. */
export function sameKey(run: Run, alias: string, log: string): Sql {
  // Rows of the default partition have no partition key, which equals nothing.
  const mayBeNull = run.options.nullKeys !== "refuse"
  return join(
    logColumns(run).map(({ name, of }) => {
      const [row, logged] = [ident(alias, of), ident(log, name)]
      const isEqual = sql`${row} = ${logged}`
      return mayBeNull && of === run.key.column ? sql`(${isEqual} or (${row} is null and ${logged} is null))` : isEqual
    }),
    " and ",
  )
}
