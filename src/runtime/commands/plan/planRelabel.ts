import { historyName, targetName } from "../../../domain/derivedNames.ts"
import { labelOf } from "../../../domain/interval.ts"
import { readSettingStatements } from "../../../postgres/sessionSettings.ts"
import type { Queryable } from "../../../postgres/Queryable.ts"
import { type Sql, sql, table } from "../../../postgres/sql.ts"
import { partitionStatements } from "../../../steps/copy/createPartitionTable.ts"
import { readBounds } from "../../../steps/keyExpression.ts"
import { tableOf } from "../../../steps/partitionTable.ts"
import { readDefaultGrantees } from "../../../steps/prep/defaultPrivileges.ts"
import { freeName } from "../../../steps/prep/freeName.ts"
import { targetStatements } from "../../../steps/prep/scaffold.ts"
import { relabelBelongings } from "../../../steps/relabel/belongings.ts"
import { boundStatement } from "../../../steps/relabel/boundHistory.ts"
import { keyIndexStatements, keyIndexes } from "../../../steps/relabel/keyIndexes.ts"
import { emptyMonthStatements, historyLabel, requireBoundary, startsAhead } from "../../../steps/relabel/layOut.ts"
import { proofStatement } from "../../../steps/relabel/proveHistory.ts"
import { requireBlueprint } from "../../../steps/requireBlueprint.ts"
import { lockStatements, plannedIncomingValidation } from "../../../steps/swap/belongings/incomingKeys.ts"
import { readExchangeStatements, swapOf } from "../../../steps/swap/exchange.ts"
import { type Partition, unbounded } from "../../../store/partitions.ts"
import type { Run } from "../../../store/runs.ts"
import {
  type PlannedStatement,
  all,
  asWriter,
  beforeAnything,
  imagine,
  inTransaction,
  fillingOfViews,
  statistics,
} from "./planStatements.ts"

/** What a run executes that makes the table its own first partition, in order; as a script it does the same on a live table. */
export async function planRelabel(db: Queryable, run: Run): Promise<PlannedStatement[]> {
  const { source } = requireBlueprint(run)
  const ahead = (await imagineRelabelled(db, run)).filter((one) => one.label !== historyLabel)
  return [
    ...all("prep", "settings of the session", "nothing", await readSettingStatements(db)),
    ...(await beforeAnything(db, run)),
    ...all(
      "prep",
      "the indexes of the new primary key, and of the old one",
      asWriter,
      keyIndexes(source, run.key.column).flatMap((index) => keyIndexStatements(run.table, index)),
    ),
    ...all(
      "prep",
      "no row comes from here on that the history could not hold",
      "ACCESS EXCLUSIVE on the source, for an instant",
      inTransaction(run, [boundStatement(run, requireBoundary(run))]),
    ),
    ...all("prep", "the table is read once, which proves it", asWriter, [proofStatement(run)]),
    ...all(
      "prep",
      "the target, with the months ahead",
      "ACCESS SHARE on the source, for an instant",
      await layout(db, run, ahead),
    ),
    ...(await attachment(db, run, ahead)),
    ...(await fillingOfViews(db, run)),
    ...all(
      "analyze",
      "foreign keys read",
      "SHARE UPDATE EXCLUSIVE on the tables: reads and writes go on",
      plannedIncomingValidation(run),
    ),
    ...statistics(run),
  ]
}

/** The history and the months ahead, as a run would lay them out. */
export async function imagineRelabelled(db: Queryable, run: Run): Promise<Partition[]> {
  const { day, edge } = requireBoundary(run)
  const { interval, monthsAhead } = run.options
  const starts = startsAhead(interval, day, monthsAhead)
  const bounds = await readBounds(db, run, starts)
  const months: Partition[] = []
  for (const start of starts) {
    const label = labelOf(interval, start)
    const tableName = (await freeName(db, run.table, label)).name
    months.push(imagine(run, { label, bounds: bounds.get(start) ?? null, tableName }))
  }
  const tableName = historyName(run.table).name
  return [imagine(run, { label: historyLabel, bounds: { from: unbounded, to: edge }, tableName }), ...months]
}

async function layout(db: Queryable, run: Run, ahead: readonly Partition[]): Promise<Sql[]> {
  const blueprint = requireBlueprint(run)
  const grantees = await readDefaultGrantees(db, run.table.schema, blueprint.source.owner)
  return [
    ...targetStatements(run, blueprint, grantees),
    ...ahead.flatMap((partition) => [
      ...partitionStatements(run, partition, tableOf(run, partition), grantees),
      ...emptyMonthStatements(run, partition),
    ]),
  ]
}

async function attachment(db: Queryable, run: Run, ahead: readonly Partition[]): Promise<PlannedStatement[]> {
  const exchange = swapOf(
    run,
    ahead.map((partition) => tableOf(run, partition)),
  )
  return all(
    "attach",
    "the swap, in one transaction",
    `ACCESS EXCLUSIVE on the source and what hangs on it; waited for ${run.options.lockTimeoutMs} ms at a time`,
    inTransaction(run, [
      ...lockStatements(requireBlueprint(run).incomingKeys),
      sql`lock table only ${table(targetName(run.table))} in access exclusive mode`,
      sql`lock table only ${table(run.table)} in access exclusive mode`,
      ...(await readExchangeStatements(db, exchange, relabelBelongings)),
    ]),
  )
}
