import { type Sql, statementText } from "../../postgres/sql.ts"
import { type Finding, block } from "./Check.ts"

/** What the role lacks, and the statement that gives it. */
export type Missing = { readonly lacks: string; readonly grant: Sql }

export function findingsOf(role: string, missing: readonly Missing[]): Finding[] {
  return missing.map(({ lacks, grant }) =>
    block("CUTOVER_PRIVILEGE", `${role} ${lacks}.`, `Let it be granted: ${statementText(grant)};`),
  )
}
