import { renderTableName } from "../../domain/tableName.ts"
import { readIncomingKeys } from "../swap/belongings/incomingKeys.ts"
import { type Check, block } from "./Check.ts"

/** A foreign key can point only to columns that are unique; of a partitioned table those hold the partition key. */
export const checkIncomingKeys: Check = async ({ db, table, source, key, options }) => {
  if (options.incomingFks === "drop") return []
  const keys = await readIncomingKeys(db, source.oid, key.column)
  return keys
    .filter((one) => !one.holdsPartitionKey)
    .map((one) =>
      block(
        "CUTOVER_INCOMING_KEY",
        `foreign key ${one.name} of ${renderTableName({ schema: one.schema, name: one.table })} points to columns of ${renderTableName(table)} without ${key.column}, which no key of a partitioned table can keep unique.`,
        `Let it point to ${key.column} too, or accept that it is dropped at the swap: --incoming-fks drop. A rollback makes it again.`,
      ),
    )
}
