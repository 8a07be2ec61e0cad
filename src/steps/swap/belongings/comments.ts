import { type Sql, literal, sql } from "../../../postgres/sql.ts"

/** COMMENT ON, where there is a comment. */
export function commentStatement(what: Sql, comment: string | null): Sql[] {
  return comment === null ? [] : [sql`comment on ${what} is ${literal(comment)}`]
}
