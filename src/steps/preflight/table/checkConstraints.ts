import { renderTableName } from "../../../domain/tableName.ts"
import type { IndexDescription } from "../../../postgres/catalog/TableDescription.ts"
import { hasVersion } from "../../hasVersion.ts"
import { identityOf, isOldKey } from "../../prep/blueprint.ts"
import { relabels } from "../../relabel/relabels.ts"
import { type Check, type CheckContext, type Finding, block, orOk } from "../Check.ts"

/** A key of a partitioned table must hold the partition key; a primary key is extended, other keys would change meaning. */
export const checkConstraints: Check = async (context) => {
  const isExclusionPossible = await hasVersion(context.db, 17)
  const isUnreadKeyPossible = await hasVersion(context.db, 18)
  const findings = [
    ...context.source.indexes.flatMap((index) => indexFindings(context, index, isExclusionPossible)),
    ...identityFindings(context),
    ...checkFindings(context),
    ...foreignKeyFindings(context, isUnreadKeyPossible),
  ]
  const { indexes, checks, foreignKeys } = context.source
  return orOk(
    findings,
    "CUTOVER_UNIQUE_WITHOUT_KEY",
    `${indexes.length} indexes and keys, ${checks.length} checks and ${foreignKeys.length} foreign keys can be carried over.`,
  )
}

function indexFindings(
  { key, options, table, source }: CheckContext,
  index: IndexDescription,
  isExclusionPossible: boolean,
): Finding[] {
  const name = renderTableName(table)
  const what = `${index.constraint === null ? "index" : "constraint"} ${index.constraint?.name ?? index.name}`
  const findings: Finding[] = []
  if (!index.isValid)
    findings.push(
      block(
        "CUTOVER_INDEX_INVALID",
        `index ${index.name} of ${name} is invalid.`,
        "Drop it, or build it anew with REINDEX INDEX CONCURRENTLY.",
      ),
    )
  if (index.isExclusion && !(isExclusionPossible && index.equalColumns.includes(key.column)))
    findings.push(
      block(
        "CUTOVER_EXCLUSION_CONSTRAINT",
        `${what} of ${name} is an exclusion constraint; a partitioned table can have it from PostgreSQL 17 on, if it compares ${key.column} for equality.`,
        `Drop it first, or make one that has ${key.column} with =.`,
      ),
    )
  if (!index.isUnique || index.columns.includes(key.column)) return findings
  if (source.isPartition && isOldKey(source, index, key.column)) return findings
  if (!index.isPrimary)
    findings.push(
      block(
        "CUTOVER_UNIQUE_WITHOUT_KEY",
        `unique ${what} of ${name} lacks ${key.column}, so a partitioned table cannot enforce it.`,
        `Drop it, or make a unique one that holds ${key.column}.`,
      ),
    )
  else if (options.primaryKey === "refuse")
    findings.push(
      block(
        "CUTOVER_PRIMARY_KEY_REFUSED",
        `the primary key of ${name} lacks ${key.column}, and --primary-key refuse was asked for.`,
        `Launch with --primary-key extend: it becomes (${index.keyList ?? ""}, ${key.column}).`,
      ),
    )
  return findings
}

function identityFindings({ source, options, table }: CheckContext): Finding[] {
  if (options.writes === "block" || relabels({ options }) || identityOf(source) !== null) return []
  return [
    block(
      "CUTOVER_NO_IDENTITY",
      `${renderTableName(table)} has no primary key and no unique index on not-null columns, so a captured write could not name its row.`,
      "Add a key, or launch with --writes=block in a maintenance window.",
    ),
  ]
}

function checkFindings({ source, table }: CheckContext): Finding[] {
  return source.checks
    .filter((one) => one.definition.endsWith(" NO INHERIT"))
    .map((constraint) =>
      block(
        "CUTOVER_CHECK_NO_INHERIT",
        `constraint ${constraint.name} of ${renderTableName(table)} is NO INHERIT, which a partitioned table cannot have.`,
        "Make it an ordinary check first, or drop it.",
      ),
    )
}

function foreignKeyFindings({ source, table }: CheckContext, isUnreadKeyPossible: boolean): Finding[] {
  const name = renderTableName(table)
  const unread = isUnreadKeyPossible ? [] : source.foreignKeys.filter((one) => !one.isValidated)
  return [
    ...unread.map((key) =>
      block(
        "CUTOVER_FOREIGN_KEY_NOT_VALID",
        `foreign key ${key.name} of ${name} is NOT VALID, which that of a partitioned table can be from PostgreSQL 18 on.`,
        `Validate it first: alter table ${name} validate constraint …, or drop it.`,
      ),
    ),
    ...source.foreignKeys
      .filter((key) => key.isToUnlogged && !key.isSelf)
      .map((key) =>
        block(
          "CUTOVER_FOREIGN_KEY_UNLOGGED",
          `foreign key ${key.name} of ${name} points to an unlogged table, and a partitioned table is permanent.`,
          "Make that table permanent first (alter table … set logged), or drop the key.",
        ),
      ),
    ...(source.persistence === "u"
      ? source.foreignKeys
          .filter((key) => key.isSelf)
          .map((key) =>
            block(
              "CUTOVER_FOREIGN_KEY_UNLOGGED",
              `foreign key ${key.name} of ${name} points to the unlogged table itself, whose partitions stay unlogged.`,
              "Make the table permanent first (alter table … set logged), or drop the key.",
            ),
          )
      : []),
  ]
}
