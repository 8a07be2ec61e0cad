import { renderTableName } from "../../domain/tableName.ts"
import { identityOf } from "../prep/blueprint.ts"
import { type Check, type Finding, block } from "./Check.ts"

/** A key of a partitioned table must hold the partition key; a primary key is extended, other keys would change meaning. */
export const checkConstraints: Check = async ({ source, key, options, table }) => {
  const findings: Finding[] = []
  const name = renderTableName(table)
  for (const index of source.indexes) {
    const what = `${index.constraint === null ? "index" : "constraint"} ${index.constraint?.name ?? index.name}`
    if (!index.isValid)
      findings.push(
        block(
          "CUTOVER_NOT_CARRIED_OVER",
          `index ${index.name} of ${name} is invalid.`,
          "Drop it, or build it anew with REINDEX INDEX CONCURRENTLY.",
        ),
      )
    if (index.isExclusion)
      findings.push(
        block(
          "CUTOVER_NOT_CARRIED_OVER",
          `${what} of ${name} is an exclusion constraint.`,
          "This version cannot carry it over; drop it first.",
        ),
      )
    if (!index.isUnique || index.columns.includes(key.column)) continue
    if (!index.isPrimary) {
      findings.push(
        block(
          "CUTOVER_UNIQUE_WITHOUT_KEY",
          `unique ${what} of ${name} lacks ${key.column}, so a partitioned table cannot enforce it.`,
          `Drop it, or make a unique one that holds ${key.column}.`,
        ),
      )
    } else if (options.primaryKey === "refuse") {
      findings.push(
        block(
          "CUTOVER_PRIMARY_KEY_REFUSED",
          `the primary key of ${name} lacks ${key.column}, and --primary-key refuse was asked for.`,
          `Launch with --primary-key extend: it becomes (${index.keyList ?? ""}, ${key.column}).`,
        ),
      )
    }
  }
  if (options.writes === "capture" && identityOf(source) === null) {
    findings.push(
      block(
        "CUTOVER_NO_IDENTITY",
        `${name} has no primary key and no unique index on not-null columns, so a captured write could not name its row.`,
        "Add a key, or launch with --writes=block in a maintenance window.",
      ),
    )
  }
  for (const constraint of source.checks.filter((one) => one.definition.endsWith(" NO INHERIT"))) {
    findings.push(
      block(
        "CUTOVER_NOT_CARRIED_OVER",
        `constraint ${constraint.name} of ${name} is NO INHERIT, which a partitioned table cannot have.`,
        "Make it an ordinary check first, or drop it.",
      ),
    )
  }
  for (const index of source.indexes.filter((one) => one.constraint !== null && one.options.length > 0)) {
    findings.push(
      block(
        "CUTOVER_NOT_CARRIED_OVER",
        `constraint ${index.name} of ${name} has storage options (${index.options.join(", ")}).`,
        `This version cannot carry them over: alter index ${index.name} reset (…), and set them again afterwards.`,
      ),
    )
  }
  for (const constraint of [...source.foreignKeys, ...source.checks].filter((one) => !one.isValidated)) {
    findings.push(
      block(
        "CUTOVER_NOT_CARRIED_OVER",
        `constraint ${constraint.name} of ${name} is NOT VALID.`,
        `Validate it first: ALTER TABLE ${name} VALIDATE CONSTRAINT …, or drop it.`,
      ),
    )
  }
  return findings
}
