import { type Sql, join, sql } from "../../../postgres/sql.ts"
import { definitionMarks } from "../../source/definitionMarks.ts"
import type { Belonging, Exchange } from "../exchange.ts"

/**
 * An expression of text that changes whenever the definition of the table in front is touched, or anything that the
 * belongings read: the transactions that last wrote the rows of the catalog. Cheap enough to be asked under the lock of the swap.
 */
export function markOf(exchange: Exchange, belongings: readonly Belonging[]): Sql {
  const oid = exchange.front.oid
  const marks = belongings.flatMap((belonging) => (belonging.mark === undefined ? [] : [belonging.mark(exchange)]))
  return sql`md5(concat_ws(' ', ${join([...definitionMarks(oid), ...marks.map((mark) => sql`(${mark})`)], ",\n")}))`
}
