import { ident, raw, sql, table } from "../../../postgres/sql.ts"
import { requireBlueprint } from "../../requireBlueprint.ts"
import type { Belonging } from "../exchange.ts"
import { commentStatement } from "./comments.ts"

/**
 * CHECKs that were never validated: rows that are there may offend them, so the target gets them only when all of those are in
 * it, and unvalidated as they were. Adding one to a partitioned table takes ACCESS EXCLUSIVE on its partitions.
 */
export const unvalidatedChecks: Belonging = {
  read: async (_, { run, table: name, isForward }) => ({
    take: [],
    give: isForward
      ? requireBlueprint(run)
          .source.checks.filter((check) => !check.isValidated)
          .flatMap((check) => [
            sql`alter table ${table(name)} add constraint ${ident(check.name)} ${raw(check.definition)} not valid`,
            ...commentStatement(sql`constraint ${ident(check.name)} on ${table(name)}`, check.comment),
          ])
      : [],
  }),
}
