import { legacyName } from "../../domain/derivedNames.ts"
import { renderTableName } from "../../domain/tableName.ts"
import { findRelation } from "../../postgres/catalog/findRelation.ts"
import { type Check, block } from "./Check.ts"

/** The legacy table's name must be free; an earlier run may have left one. */
export const checkNames: Check = async ({ db, table }) => {
  const legacy = legacyName(table)
  if ((await findRelation(db, legacy)) === undefined) return []
  const name = renderTableName(legacy)
  return [
    block(
      "CUTOVER_NAME_TAKEN",
      `${name} exists already, and the source is to get that name.`,
      `Rename or drop ${name}; \`cutover cleanup\` drops the one of an earlier run.`,
    ),
  ]
}
