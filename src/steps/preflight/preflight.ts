import { CutoverError, nothingChanged } from "../../errors/CutoverError.ts"
import type { Check, CheckContext, Finding } from "./Check.ts"
import { checkConstraints } from "./checkConstraints.ts"
import { checkDependents } from "./checkDependents.ts"
import { checkIncomingKeys } from "./checkIncomingKeys.ts"
import { checkMaterializedViews } from "./checkMaterializedViews.ts"
import { checkPublications } from "./checkPublications.ts"
import { checkRowType } from "./checkRowType.ts"
import { checkKeys } from "./checkKeys.ts"
import { checkNames } from "./checkNames.ts"
import { checkPrivileges } from "./checkPrivileges.ts"
import { checkScaffold } from "./checkScaffold.ts"
import { checkServer } from "./checkServer.ts"

/** What must hold before anything else can be asked, cheapest first; and all the rest, which is reported together. */
const gates: readonly Check[] = [checkServer, checkPrivileges]
const checks: readonly Check[] = [
  checkNames,
  checkScaffold,
  checkConstraints,
  checkDependents,
  checkMaterializedViews,
  checkIncomingKeys,
  checkRowType,
  checkPublications,
  checkKeys,
]

/** Looks at the table and its surroundings and reports what it finds. Nothing changes. */
export async function preflight(context: CheckContext): Promise<Finding[]> {
  for (const gate of gates) {
    const findings = await gate(context)
    if (findings.some((finding) => finding.level === "block")) return [...findings]
  }
  const findings: Finding[] = []
  for (const check of checks) findings.push(...(await check(context)))
  return findings
}

/** Refuses when something is in the way: the first finding is the error, all of them are its details. */
export function assertNothingBlocks(findings: readonly Finding[]): void {
  const blocks = findings.filter((finding) => finding.level === "block")
  const [first, ...others] = blocks
  if (first === undefined) return
  throw new CutoverError(first.code, {
    message: others.length === 0 ? first.message : [first, ...others].map((finding) => finding.message).join("\n"),
    state: nothingChanged,
    hint: first.hint,
    details: { findings: blocks },
  })
}
