import { CutoverError, nothingChanged } from "../../errors/CutoverError.ts"
import { relabels } from "../relabel/relabels.ts"
import type { Check, CheckContext, Finding, ServerContext, TableContext } from "./Check.ts"
import { checkConnections } from "./server/checkConnections.ts"
import { checkReplicas } from "./server/checkReplicas.ts"
import { checkRole } from "./server/checkRole.ts"
import { checkServer } from "./server/checkServer.ts"
import { checkSlots } from "./server/checkSlots.ts"
import { checkTempFiles } from "./server/checkTempFiles.ts"
import { checkTransactions } from "./server/checkTransactions.ts"
import { checkConstraints } from "./table/checkConstraints.ts"
import { checkDependents } from "./table/checkDependents.ts"
import { checkHistory } from "./table/checkHistory.ts"
import { checkHistoryKeys } from "./table/checkHistoryKeys.ts"
import { checkIncomingKeys } from "./table/checkIncomingKeys.ts"
import { checkKeys } from "./table/checkKeys.ts"
import { checkMaterializedViews } from "./table/checkMaterializedViews.ts"
import { checkNames } from "./table/checkNames.ts"
import { checkPlace } from "./table/checkPlace.ts"
import { checkPrivileges } from "./table/checkPrivileges.ts"
import { checkPublications } from "./table/checkPublications.ts"
import { checkRowMoves } from "./table/checkRowMoves.ts"
import { checkRowType } from "./table/checkRowType.ts"
import { checkScaffold } from "./table/checkScaffold.ts"
import { checkHistorySpace, checkSpace } from "./table/checkSpace.ts"
import { checkWhole } from "./table/checkWhole.ts"
import { checkWidenedKey } from "./table/checkWidenedKey.ts"
import { checkWraparound } from "./table/checkWraparound.ts"

/** What the server is like, whatever the table, once `checkServer` has let it pass. */
export const serverChecks: readonly Check<ServerContext>[] = [
  checkRole,
  checkConnections,
  checkSlots,
  checkReplicas,
  checkTransactions,
  checkTempFiles,
]

/** What can be asked of a table before it is known by which column it is to be partitioned. */
export const tableChecks: readonly Check<TableContext>[] = [checkWhole, checkPrivileges, checkSpace, checkWraparound]

/** What must hold before anything else can be asked, cheapest first. */
const gates: readonly (readonly Check[])[] = [[checkServer], [checkRole, checkPrivileges]]

/** All the rest, which is reported together. */
const checks: readonly Check[] = [
  checkWhole,
  checkPlace,
  checkNames,
  checkConstraints,
  checkDependents,
  checkMaterializedViews,
  checkIncomingKeys,
  checkRowType,
  checkPublications,
  checkWidenedKey,
  checkRowMoves,
  checkWraparound,
  checkConnections,
  checkSlots,
  checkReplicas,
  checkTransactions,
  checkTempFiles,
]

/** What only a copy asks of a table, and what only a table asks that becomes a partition itself. */
const checksOfCopy: readonly Check[] = [checkScaffold, checkKeys, checkSpace]
const checksOfRelabel: readonly Check[] = [checkHistory, checkHistoryKeys, checkHistorySpace]

/** Looks at the table and its surroundings and reports what it finds. Nothing changes. */
export async function preflight(context: CheckContext): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const gate of gates) {
    for (const check of gate) findings.push(...(await check(context)))
    if (findings.some((finding) => finding.level === "block")) return findings
  }
  const own = relabels(context) ? checksOfRelabel : checksOfCopy
  for (const check of [...checks, ...own]) findings.push(...(await check(context)))
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
