import { renderTableName } from "../../../domain/tableName.ts"
import { readIncomingKeys } from "../../source/readIncomingKeys.ts"
import { isLost } from "../../swap/belongings/foreignKeys.ts"
import { type Check, block, orOk } from "../Check.ts"

/** A foreign key can point only to columns that are unique; of a partitioned table those hold the partition key. */
export const checkIncomingKeys: Check = async ({ db, table, source, key, options }) => {
  const keys = await readIncomingKeys(db, source.oid, key.column)
  const impossible = keys.filter((one) => one.holdsPartitionKey && one.isOfPartitioned)
  const ownLost = options.incomingFks === "drop" ? [] : source.foreignKeys.filter((one) => isLost(one, key.column))
  const lost = options.incomingFks === "drop" ? [] : keys.filter((one) => !one.holdsPartitionKey)
  const dropped = keys.filter((one) => !one.holdsPartitionKey).length
  const findings = [
    ...impossible.map((one) =>
      block(
        "CUTOVER_INCOMING_KEY",
        `foreign key ${one.name} of the partitioned table ${renderTableName({ schema: one.schema, name: one.table })} points to ${renderTableName(table)}; it could be made anew only by reading all its rows under the lock of the swap.`,
        "Drop it for the time of the run, and make it again afterwards.",
      ),
    ),
    ...ownLost.map((one) =>
      block(
        "CUTOVER_INCOMING_KEY",
        `foreign key ${one.name} of ${renderTableName(table)} points to columns of the table itself without ${key.column}, which no key of a partitioned table can keep unique.`,
        `Let it point to ${key.column} too, or accept that it is dropped at the swap: --incoming-fks drop. A rollback makes it again.`,
      ),
    ),
    ...lost.map((one) =>
      block(
        "CUTOVER_INCOMING_KEY",
        `foreign key ${one.name} of ${renderTableName({ schema: one.schema, name: one.table })} points to columns of ${renderTableName(table)} without ${key.column}, which no key of a partitioned table can keep unique.`,
        `Let it point to ${key.column} too, or accept that it is dropped at the swap: --incoming-fks drop. A rollback makes it again.`,
      ),
    ),
  ]
  return orOk(
    findings,
    "CUTOVER_INCOMING_KEY",
    `${keys.length - dropped} foreign keys of other tables point to ${renderTableName(table)}, and can go on doing so.`,
  )
}
