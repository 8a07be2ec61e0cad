import { boundaryDay } from "../../domain/boundary.ts"
import { type TableName, renderTableName } from "../../domain/tableName.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { ident, sql, table } from "../../postgres/sql.ts"
import type { Boundary } from "../../store/Blueprint.ts"
import { type Keyed, readBounds } from "../keyExpression.ts"

/** Where the history is to end, by now's clock and the last key, which an index finds, or a look at a small table. */
export async function readBoundary(db: Queryable, run: Keyed & { readonly table: TableName }): Promise<Boundary> {
  const last = sql`max(${ident(run.key.column)})`
  const local = run.key.type === "timestamptz" ? sql`(${last} at time zone ${run.options.timezone})` : last
  const { day } = await readOne<{ day: string | null }>(
    db,
    sql`select (${local})::date::text as day from only ${table(run.table)}`,
  )
  return await boundaryAfter(db, run, day)
}

/** The same, where the last key's local day is known. */
export async function boundaryAfter(db: Queryable, run: Keyed, lastKey: string | null): Promise<Boundary> {
  const { interval, timezone } = run.options
  const { today } = await readOne<{ today: string }>(
    db,
    sql`select (clock_timestamp() at time zone ${timezone})::date::text as today`,
  )
  // Before the year 1 there is no boundary to push.
  const isDay = lastKey !== null && /^\d{4}-\d\d-\d\d$/.test(lastKey)
  const day = boundaryDay(interval, today, isDay ? lastKey : null)
  return { day, edge: (await readBounds(db, run, [day])).get(day)?.from ?? day }
}

/** What holds of every row of the history. */
export function renderBoundary(run: Pick<Keyed, "key"> & { readonly table: TableName }, { edge }: Boundary): string {
  return `${renderTableName(run.table)}.${run.key.column} < ${edge}`
}
