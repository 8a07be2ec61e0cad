import type { Sql } from "./sql.ts"

export type Result<Row> = { readonly rows: Row[]; readonly rowCount: number }

/** Whatever runs a statement: a pool, a session or a transaction. */
export type Queryable = {
  query<Row extends object = Record<string, unknown>>(statement: Sql): Promise<Result<Row>>
}

/** The first row, which must exist. */
export async function readOne<Row extends object>(db: Queryable, statement: Sql): Promise<Row> {
  const row = await findOne<Row>(db, statement)
  if (row === undefined) throw new Error(`no row from: ${statement.text}`)
  return row
}

export async function findOne<Row extends object>(db: Queryable, statement: Sql): Promise<Row | undefined> {
  const { rows } = await db.query<Row>(statement)
  return rows[0]
}
