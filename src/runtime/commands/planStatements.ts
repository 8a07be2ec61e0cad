import { partitionObjectName, targetName } from "../../domain/derivedNames.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { type Sql, ident, join, sql, statementText, table } from "../../postgres/sql.ts"
import { captureStatements } from "../../steps/changes/capture.ts"
import { attachStatements } from "../../steps/copy/catchUp.ts"
import { partitionStatements } from "../../steps/copy/createPartitionTable.ts"
import { keyWithin } from "../../steps/keyExpression.ts"
import { tableOf } from "../../steps/partitionTable.ts"
import { indexStatements } from "../../steps/prep/ensureIndexes.ts"
import { indexStatement, nameOf, targetStatements } from "../../steps/prep/scaffold.ts"
import type { Sample } from "../../steps/preflight/sampleKeys.ts"
import { requireBlueprint } from "../../steps/requireBlueprint.ts"
import { belongings } from "../../steps/swap/belongings/belongings.ts"
import { readExchangeStatements, swapOf } from "../../steps/swap/exchange.ts"
import type { Partition } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"

/** One statement of a run, the step it belongs to, and the lock that it takes on a table in use. */
export type PlannedStatement = { readonly step: string; readonly lock: string; readonly text: string }

const onNothing = "no table in use"

/** What a run executes, in order; copy as one statement per partition, where a run makes batches of it. */
export async function planStatements(db: Queryable, run: Run, sample: Sample): Promise<PlannedStatement[]> {
  const partitions = sample.partitions.map((one) => imagined(run, one))
  const hasIdentity = requireBlueprint(run).identity !== null
  return [
    ...run.options.ensureIndexes.flatMap((columns) =>
      all("prep", "SHARE UPDATE EXCLUSIVE on the source: reads and writes go on", indexStatements(run, columns)),
    ),
    ...(run.options.writes === "capture" && hasIdentity
      ? all(
          "prep",
          "SHARE ROW EXCLUSIVE on the source, for an instant: writes wait, reads go on",
          captureStatements(run),
        )
      : []),
    ...all("prep", "ACCESS SHARE on the source, for an instant", targetStatements(run, requireBlueprint(run))),
    ...partitions.flatMap((partition) => [
      ...all("copy", onNothing, partitionStatements(run, partition, tableOf(run, partition))),
      ...all("copy", "ACCESS SHARE on the source: reads and writes go on", [copyWhole(run, partition)]),
      ...all("copy", onNothing, indexesOf(run, partition)),
      ...all("copy", onNothing, attachStatements(run, partition)),
    ]),
    ...all(
      "attach",
      `ACCESS EXCLUSIVE on the source and what hangs on it, all in one transaction; waited for ${run.options.lockTimeoutMs} ms at a time`,
      [
        sql`lock table only ${table(targetName(run.table))} in access exclusive mode`,
        sql`lock table only ${table(run.table)} in access exclusive mode`,
        ...(await readExchangeStatements(db, swapOf(run), belongings)),
      ],
    ),
    ...all("analyze", "SHARE UPDATE EXCLUSIVE on the new table: reads and writes go on", [
      sql`analyze ${table(run.table)}`,
    ]),
  ]
}

function all(step: string, lock: string, statements: readonly Sql[]): PlannedStatement[] {
  return statements.map((statement) => ({ step, lock, text: statementText(statement) }))
}

function imagined(run: Run, { label, bounds }: Sample["partitions"][number]): Partition {
  return {
    id: "0",
    runId: run.id,
    label,
    tableName: nameOf(run.table, label).name,
    bounds,
    state: "pending",
    tick: 0,
    blocks: [],
    nextBlock: 0,
    batches: 0,
    isLoaded: false,
  }
}

function copyWhole(run: Run, partition: Partition): Sql {
  const columns = join(requireBlueprint(run).columns.map((name) => ident(name)))
  return sql`
    insert into ${table(tableOf(run, partition))} (${columns})
    select ${columns}
    from only ${table(run.table)}
    where ${keyWithin(run, partition.bounds)}`
}

function indexesOf(run: Run, partition: Partition): Sql[] {
  const name = tableOf(run, partition)
  return requireBlueprint(run).indexes.map((index) =>
    indexStatement(index, table(name), partitionObjectName(name, index.name)),
  )
}
