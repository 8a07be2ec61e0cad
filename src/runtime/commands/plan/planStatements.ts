import { targetName } from "../../../domain/derivedNames.ts"
import type { Queryable } from "../../../postgres/Queryable.ts"
import { readSettingStatements } from "../../../postgres/sessionSettings.ts"
import { type Sql, ident, join, literal, sql, statementText, table } from "../../../postgres/sql.ts"
import { vacuumAsSource, vacuumDeadRowsOnly } from "../../../steps/autovacuum.ts"
import { dropChangeLogStatements } from "../../../steps/changes/capture.ts"
import { indexesOfPartition } from "../../../steps/copy/buildIndex.ts"
import { attachStatements } from "../../../steps/copy/catchUp.ts"
import { partitionStatements } from "../../../steps/copy/createPartitionTable.ts"
import { keyWithin } from "../../../steps/keyExpression.ts"
import { boundsCheck, tableOf } from "../../../steps/partitionTable.ts"
import { type DefaultGrantees, readDefaultGrantees } from "../../../steps/prep/defaultPrivileges.ts"
import { freeName } from "../../../steps/prep/freeName.ts"
import { indexStatements } from "../../../steps/prep/ensureIndexes.ts"
import { dropGuardStatements, guardStatements, writeLock } from "../../../steps/prep/guardWrites.ts"
import { adoptionStatements, targetStatements } from "../../../steps/prep/scaffold.ts"
import type { Sample } from "../../../steps/preflight/sampleKeys.ts"
import { requireBlueprint } from "../../../steps/requireBlueprint.ts"
import { plannedWholeValidation } from "../../../steps/split/belongings.ts"
import { proofStatements } from "../../../steps/split/legacy.ts"
import { pastStatements } from "../../../steps/split/past.ts"
import { wholeLockStatements } from "../../../steps/split/lockWhole.ts"
import { belongingsOf } from "../../../steps/swap/belongings/belongings.ts"
import { addsToParent, plannedValidation } from "../../../steps/swap/belongings/foreignKeys.ts"
import { lockStatements, plannedIncomingValidation } from "../../../steps/swap/belongings/incomingKeys.ts"
import { readMaterializedViews, refreshStatement } from "../../../steps/swap/belongings/materializedViews.ts"
import { readExchangeStatements, swapOf } from "../../../steps/swap/exchange.ts"
import { readTargetPartitions } from "../../../steps/targetPartitions.ts"
import { comparisonStatement } from "../../../steps/validate/compare.ts"
import { changeLogOf } from "../../../store/changeLog.ts"
import { installStatements, isInstalled } from "../../../store/install.ts"
import type { Partition } from "../../../store/partitions.ts"
import type { Run } from "../../../store/runs.ts"

/** One statement of a run, the step it belongs to, what it is for, and the lock that it takes on a table in use. */
export type PlannedStatement = {
  readonly step: string
  readonly purpose: string
  readonly lock: string
  readonly text: string
}

const onNothing = "no table in use"
export const asWriter = "SHARE UPDATE EXCLUSIVE on the source: reads and writes go on"
const asAnalyze = "SHARE UPDATE EXCLUSIVE on the new table: reads and writes go on"
const asReader = "ACCESS SHARE on the source: reads and writes go on"

/**
 * What a run executes, in order; the copy as one statement a partition, where a run makes batches of it. As a script it does
 * for a table at rest what a run does: it has no replay of captured changes, and stops before the swap where there are any.
 */
export async function planStatements(db: Queryable, run: Run, sample: Sample): Promise<PlannedStatement[]> {
  const grantees = await readDefaultGrantees(db, run.table.schema, requireBlueprint(run).source.owner)
  const partitions = await imaginePartitions(db, run, sample)
  return [
    ...all("prep", "settings of the session", "nothing", await readSettingStatements(db)),
    ...(await preparation(db, run, grantees)),
    ...partitions.flatMap((partition) => copyOf(run, partition, grantees)),
    ...partitions.flatMap((partition) => comparisonOf(run, partition)),
    ...(await attachment(db, run, partitions)),
    ...(await aftermath(db, run, partitions)),
  ]
}

/** A partition of the plan; `isThere` where an adopted scaffold has its table already. */
type PlannedPartition = { readonly partition: Partition; readonly isThere: boolean }

async function preparation(db: Queryable, run: Run, grantees: DefaultGrantees): Promise<PlannedStatement[]> {
  const blueprint = requireBlueprint(run)
  const isGuarded = run.options.writes === "block" || blueprint.identity !== null
  return [
    ...(await beforeAnything(db, run)),
    ...all(
      "prep",
      run.options.writes === "capture" ? "writes are captured from here on" : "writes are refused from here on",
      "SHARE ROW EXCLUSIVE on the source, for an instant: writes wait, reads go on",
      isGuarded ? guarding(run) : [],
    ),
    ...all(
      "prep",
      "the target, empty",
      "ACCESS SHARE on the source, for an instant",
      blueprint.isAdopted
        ? await adoptionStatements(db, run, blueprint, grantees)
        : targetStatements(run, blueprint, grantees),
    ),
  ]
}

function guarding(run: Run): Sql[] {
  const { before, under } = guardStatements(run)
  return inTransaction(run, [...before, writeLock(run), ...under])
}

/** Our own schema, and the indexes that were asked for. */
export async function beforeAnything(db: Queryable, run: Run): Promise<PlannedStatement[]> {
  return [
    ...((await isInstalled(db)) ? [] : all("prep", "our own schema", onNothing, await installStatements())),
    ...all(
      "prep",
      "the indexes asked for",
      asWriter,
      run.options.ensureIndexes.flatMap((columns) => indexStatements(run, columns)),
    ),
  ]
}

function copyOf(run: Run, { partition, isThere }: PlannedPartition, grantees: DefaultGrantees): PlannedStatement[] {
  const { label } = partition
  const name = tableOf(run, partition)
  const copy = all("copy", `${label}: its rows`, asReader, [copyWhole(run, partition)])
  if (isThere) return copy
  return [
    ...all("copy", `${label}: its table, which proves its bounds`, onNothing, [
      ...partitionStatements(run, partition, name, grantees),
    ]),
    ...copy,
    ...all("copy", `${label}: indexes, and attached without a scan`, onNothing, [
      ...indexesOfPartition(run, name),
      ...attachStatements(run, partition),
      vacuumDeadRowsOnly(name),
    ]),
  ]
}

function copyWhole(run: Run, partition: Partition): Sql {
  const columns = join(requireBlueprint(run).columns.map((name) => ident(name)))
  return sql`
    insert into ${table(tableOf(run, partition))} (${columns})
    select ${columns}
    from only ${table(run.table)}
    where ${keyWithin(run, partition.bounds)}`
}

function comparisonOf(run: Run, { partition }: PlannedPartition): PlannedStatement[] {
  const pair = {
    plain: run.table,
    partition: tableOf(run, partition),
    bounds: partition.bounds,
    log: null,
    blocks: null,
  }
  return all("validate", "both sides of each line must be equal", asReader, [comparisonStatement(run, pair)])
}

async function attachment(
  db: Queryable,
  run: Run,
  partitions: readonly PlannedPartition[],
): Promise<PlannedStatement[]> {
  const names = partitions.map(({ partition }) => tableOf(run, partition))
  const past = await pastStatements(
    db,
    run,
    partitions.map(({ partition }) => partition),
  )
  const holdsDefault = partitions.find(({ partition }) => partition.bounds === null)
  return all(
    "attach",
    "the swap, in one transaction",
    `ACCESS EXCLUSIVE on the source and what hangs on it; waited for ${run.options.lockTimeoutMs} ms at a time`,
    inTransaction(run, [
      ...past,
      ...lockStatements(requireBlueprint(run).incomingKeys),
      ...wholeLockStatements(run),
      sql`lock table only ${table(targetName(run.table))} in access exclusive mode`,
      sql`lock table only ${table(run.table)} in access exclusive mode`,
      ...assertAtRest(run),
      ...dropGuardStatements(run, run.table),
      ...(holdsDefault === undefined
        ? []
        : [
            sql`alter table ${table(tableOf(run, holdsDefault.partition))} drop constraint if exists ${ident(boundsCheck)}`,
          ]),
      ...(await readExchangeStatements(db, swapOf(run, names), belongingsOf(run))),
    ]),
  )
}

async function aftermath(
  db: Queryable,
  run: Run,
  partitions: readonly PlannedPartition[],
): Promise<PlannedStatement[]> {
  const names = partitions.map(({ partition }) => tableOf(run, partition))
  const made = partitions.filter(({ isThere }) => !isThere)
  return [
    ...(await fillingOfViews(db, run)),
    ...all("analyze", "foreign keys read", "SHARE UPDATE EXCLUSIVE on the tables: reads and writes go on", [
      ...plannedValidation(run, names, !(await addsToParent(db))),
      ...plannedIncomingValidation(run),
      ...(await plannedWholeValidation(db, swapOf(run, names))),
    ]),
    ...all("analyze", "the old table's bounds proved, for a way back", onNothing, proofStatements(run)),
    ...statistics(run),
    ...all(
      "analyze",
      "the partitions vacuumed as the table is",
      asAnalyze,
      made.map(({ partition }) => vacuumAsSource(requireBlueprint(run), tableOf(run, partition))),
    ),
    ...(run.options.writes === "capture"
      ? all("cleanup", "what captured the writes", onNothing, dropChangeLogStatements(run))
      : []),
  ]
}

export async function fillingOfViews(db: Queryable, run: Run): Promise<PlannedStatement[]> {
  const views = await readMaterializedViews(db, run.sourceOid)
  return all("analyze", "materialized views filled", "ACCESS EXCLUSIVE on each view", views.map(refreshStatement))
}

export function statistics(run: Run): PlannedStatement[] {
  return all("analyze", "statistics", asAnalyze, [sql`analyze ${table(run.table)}`])
}

/** Under the lock: what the copy has not seen would be lost, so its being there is an error. */
function assertAtRest(run: Run): Sql[] {
  if (run.options.writes !== "capture" || requireBlueprint(run).identity === null) return []
  const body = sql`begin
    if exists (select from ${table(changeLogOf(run))})
       or exists (select from cutover.truncations where run_id = ${literal(run.id)}) then
      raise exception 'the table was written to since the copy began: this script is for a table at rest, a run replays what was written';
    end if;
  end`
  return [sql`do ${literal(statementText(body))}`]
}

/** Begins as a run does: an autovacuum of the table steps aside within deadlock_timeout, for a lock that nobody else notices. */
export function inTransaction(run: Run, statements: readonly Sql[]): Sql[] {
  return [
    sql`begin`,
    sql`set local lock_timeout = '5s'`,
    sql`lock table only ${table(run.table)} in share update exclusive mode`,
    sql`set local lock_timeout = ${literal(`${run.options.lockTimeoutMs}ms`)}`,
    ...statements,
    sql`commit`,
  ]
}

export function all(step: string, purpose: string, lock: string, statements: readonly Sql[]): PlannedStatement[] {
  return statements.map((statement) => {
    if (statement.values.length > 0) throw new Error(`a planned statement with parameters: ${statement.text}`)
    return { step, purpose, lock, text: statementText(statement) }
  })
}

async function imaginePartitions(db: Queryable, run: Run, sample: Sample): Promise<PlannedPartition[]> {
  const existing = await readTargetPartitions(db, run)
  const imagined: PlannedPartition[] = []
  for (const { label, bounds } of sample.partitions) {
    const found = existing.find((one) => one.from === (bounds?.from ?? null) && one.to === (bounds?.to ?? null))
    const tableName = found?.name ?? (await freeName(db, run.table, label)).name
    imagined.push({ partition: imagine(run, { label, bounds, tableName }), isThere: found !== undefined })
  }
  return imagined
}

/** A partition as the run's row of it will be at first. */
export function imagine(run: Run, facts: Pick<Partition, "label" | "bounds" | "tableName">): Partition {
  return {
    id: "0",
    runId: run.id,
    tableOid: null,
    state: "pending",
    tick: 0,
    blocks: [],
    nextBlock: 0,
    batches: 0,
    isLoaded: false,
    ...facts,
  }
}
