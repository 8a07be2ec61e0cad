import { historyName, legacyName, targetName } from "../../../domain/derivedNames.ts"
import { renderTableName } from "../../../domain/tableName.ts"
import { findRelation, findTakenNames } from "../../../postgres/catalog/findRelation.ts"
import { sql } from "../../../postgres/sql.ts"
import { boundsCheck } from "../../partitionTable.ts"
import { legacyObjectName, targetObjectName } from "../../prep/scaffold.ts"
import { extendedKey, historyObjectName, oldKeyName, relabels } from "../../relabel/relabels.ts"
import { placeCheck } from "../../split/place.ts"
import { type Check, type CheckContext, type Finding, block, orOk } from "../Check.ts"

/** The legacy table's name must be free, for an earlier run may have left one; and so must the names of our triggers. */
export const checkNames: Check = async (context) =>
  orOk(
    [
      ...(await legacyTaken(context)),
      ...(await objectsTaken(context)),
      ...(await triggersTaken(context)),
      ...checkTaken(context),
    ],
    "CUTOVER_NAME_TAKEN",
    relabels(context)
      ? `${renderTableName(historyName(context.table))} is free for the table's history.`
      : `${renderTableName(legacyName(context.table))} is free for the old table.`,
  )

async function legacyTaken({ db, table, options }: CheckContext): Promise<Finding[]> {
  const wanted = relabels({ options }) ? historyName(table) : legacyName(table)
  if ((await findRelation(db, wanted)) === undefined) return []
  const name = renderTableName(wanted)
  return [
    block(
      "CUTOVER_NAME_TAKEN",
      `${name} exists already, and the source is to get that name.`,
      relabels({ options })
        ? `Rename or drop ${name}.`
        : `Rename or drop ${name}; \`cutover cleanup\` drops the one of an earlier run.`,
    ),
  ]
}

/** Indexes and sequences keep their names and so give them up for a while: to the target's before the swap, to the old table's after it. */
async function objectsTaken(context: CheckContext): Promise<Finding[]> {
  const { db, table, source } = context
  const names = [
    ...source.indexes.map((index) => index.constraint?.name ?? index.name),
    ...source.sequences.filter((one) => one.dependency === "i").map((one) => one.name),
  ]
  const isAdopted = (await findRelation(db, targetName(table))) !== undefined
  const wanted = [
    ...names.flatMap((name) => (isAdopted ? [] : [targetObjectName(name)])),
    ...parkedNames(context, names),
  ]
  return (await findTakenNames(db, source.schema, wanted)).map((name) =>
    block(
      "CUTOVER_NAME_TAKEN",
      `${renderTableName({ schema: source.schema, name })} exists already, and an index or a sequence of the run is to get that name.`,
      "Rename or drop it.",
    ),
  )
}

/** What they are called after the swap. */
function parkedNames({ source, options, key }: CheckContext, names: readonly string[]): string[] {
  if (!relabels({ options })) return names.map(legacyObjectName)
  const extended = extendedKey(source, key.column)
  return [...names.map(historyObjectName), ...(extended === undefined ? [] : [oldKeyName(extended.name)])]
}

async function triggersTaken({ db, table, source }: CheckContext): Promise<Finding[]> {
  const { rows } = await db.query<{ name: string }>(sql`
    select tgname as name
    from pg_trigger
    where tgrelid = ${source.oid} and not tgisinternal and tgname like 'cutover\\_%'
    order by tgname`)
  return rows.map(({ name }) =>
    block(
      "CUTOVER_NAME_TAKEN",
      `${renderTableName(table)} has a trigger ${name}, and a run gives its own triggers such names.`,
      `Rename it: alter trigger ${name} on ${renderTableName(table)} rename to …`,
    ),
  )
}

function checkTaken({ table, source }: CheckContext): Finding[] {
  return source.checks
    .filter((check) => check.name === boundsCheck || (source.isPartition && check.name === placeCheck))
    .map(({ name }) =>
      block(
        "CUTOVER_NAME_TAKEN",
        `${renderTableName(table)} has a constraint ${name}, and a run gives its partitions one of that name.`,
        `Rename it: alter table ${renderTableName(table)} rename constraint ${name} to …`,
      ),
    )
}
