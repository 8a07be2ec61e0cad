import { renderTableName } from "../../../domain/tableName.ts"
import { readMaterializedViews } from "../../swap/belongings/materializedViews.ts"
import { type Check, type Finding, block, orOk, warn } from "../Check.ts"

/** They cannot be replaced, only made again; that is to be accepted, and what reads them would stop it. */
export const checkMaterializedViews: Check = async ({ db, source, table, options }) => {
  const views = await readMaterializedViews(db, source.oid)
  const findings = views.map(({ schema, name, readers }): Finding => {
    const view = renderTableName({ schema, name })
    if (readers.length > 0)
      return block(
        "CUTOVER_MATERIALIZED_VIEW",
        `materialized view ${view} reads ${renderTableName(table)}, and can be made again only if nothing reads it; these do: ${readers.join(", ")}.`,
        "Drop those for the time of the run, and make them again afterwards.",
      )
    if (options.materializedViews === "refuse")
      return block(
        "CUTOVER_MATERIALIZED_VIEW",
        `materialized view ${view} reads ${renderTableName(table)}, and cannot follow without being made again.`,
        "Accept that it is made again at the swap, and cannot be read until it is refreshed right after: --materialized-views recreate.",
      )
    return warn(
      "CUTOVER_MATERIALIZED_VIEW",
      `materialized view ${view} is made again at the swap, and cannot be read until it is refreshed right after.`,
      "Choose an hour in which nobody needs it: --attach-window.",
    )
  })
  return orOk(findings, "CUTOVER_MATERIALIZED_VIEW", `no materialized view reads ${renderTableName(table)}.`)
}
