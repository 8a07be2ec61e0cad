import { ident, sql } from "../../../postgres/sql.ts"
import type { Belonging } from "../exchange.ts"
import { requireBlueprint } from "../../requireBlueprint.ts"

/**
 * Indexes, and the constraints that stand on them: migrations and `ON CONFLICT ON CONSTRAINT` find them by name. Renaming
 * an index renames its constraint (PostgreSQL manual, ALTER INDEX). One that was dropped since the swap does not stop a rollback.
 */
export const indexNames: Belonging = {
  read: async (_, { run, table: { schema }, front, back, isForward }) => ({
    take: [],
    give: requireBlueprint(run).indexes.flatMap(({ name }) => [
      sql`alter index ${isForward ? sql`` : sql`if exists `}${ident(schema, name)} rename to ${ident(front.park(name))}`,
      sql`alter index ${ident(schema, back.park(name))} rename to ${ident(name)}`,
    ]),
  }),
}
