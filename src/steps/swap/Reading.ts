import type { Queryable } from "../../postgres/Queryable.ts"
import type { Sql } from "../../postgres/sql.ts"

/**
 * Something that reads rows, for as long as there are some, and so was put off until after an exchange: these statements do it, all of
 * them or none. Done, it is not found again.
 */
export type Reading = readonly Sql[]

/** Does the first of them, and says whether there was one. */
export async function readNext(tx: Queryable, [next]: readonly Reading[]): Promise<boolean> {
  for (const statement of next ?? []) await tx.query(statement)
  return next !== undefined
}
