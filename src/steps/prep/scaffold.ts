import { firstBatchBlocks } from "../../domain/pace.ts"
import { defaultPartitionName, partitionName, targetName } from "../../domain/derivedNames.ts"
import { shortenIdentifier } from "../../domain/identifier.ts"
import { labelOf, seededStarts } from "../../domain/interval.ts"
import type { TableName } from "../../domain/tableName.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import type { IndexDescription, TableDescription } from "../../postgres/catalog/TableDescription.ts"
import { describeTable } from "../../postgres/catalog/describeTable.ts"
import { findRelation } from "../../postgres/catalog/findRelation.ts"
import { type Sql, ident, literal, raw, sql, table } from "../../postgres/sql.ts"
import type { Blueprint, PlannedIndex } from "../../store/Blueprint.ts"
import { addFinding, countLeft, readPartitions, saveTableName } from "../../store/partitions.ts"
import { type Run, saveRunFacts } from "../../store/runs.ts"
import type { RunStep } from "../Step.ts"
import { readBounds } from "../keyExpression.ts"
import { claimTableName } from "../ownTable.ts"
import { defaultLabel } from "./survey.ts"
import { columnSettings, indexComments, replicaIdentity } from "./settings.ts"
import { chooseStrategy, prepareSweep } from "./strategy.ts"
import { readTargetPartitions } from "../targetPartitions.ts"
import { requireBlueprint } from "../requireBlueprint.ts"

/**
 * Builds the target beside the source, empty, with all its keys and indexes, and names the table of each month that
 * holds rows and of the seeded ones. The tables themselves are made when their copy begins.
 */
export const scaffold: RunStep = async ({ tx, run }) => {
  const blueprint = requireBlueprint(run)
  await seedPartitions(tx, run)
  const statements = blueprint.isAdopted
    ? await adoptionStatements(tx, run, blueprint)
    : targetStatements(run, blueprint)
  for (const statement of statements) await tx.query(statement)
  const target = await findRelation(tx, targetName(run.table))
  if (target === undefined) throw new Error(`the target of run ${run.id} was made and is not there`)
  await saveRunFacts(tx, run.id, { targetOid: target.oid, batchBlocks: firstBatchBlocks })
  await nameTables(tx, { ...run, targetOid: target.oid })
  const { strategy, reason } = await chooseStrategy(tx, run)
  await saveRunFacts(tx, run.id, { strategy })
  if (strategy === "sweep") await prepareSweep(tx, run)
  const { toCopy } = await countLeft(tx, run.id)
  return {
    event: { type: "scaffold.built", left: toCopy, sweeps: strategy === "sweep" },
    facts: { target: targetName(run.table).name, partitions: toCopy, strategy, reason },
  }
}

/** The months around today get partitions though they may hold no rows yet: writes of tomorrow need them. */
async function seedPartitions(tx: Queryable, run: Run): Promise<void> {
  const { interval, timezone, monthsBack, monthsAhead } = run.options
  const { today } = await readOne<{ today: string }>(
    tx,
    sql`select (clock_timestamp() at time zone ${timezone})::date::text as today`,
  )
  const starts = seededStarts(interval, today, monthsBack, monthsAhead)
  const bounds = await readBounds(tx, run, starts)
  for (const start of starts) {
    const label = labelOf(interval, start)
    await addFinding(tx, run.id, { label, bounds: bounds.get(start) ?? null, rows: 0, blocks: "{}" })
  }
}

/** An adopted scaffold's partitions are known by their bounds, never by their names. */
async function nameTables(tx: Queryable, run: Run): Promise<void> {
  const existing = await readTargetPartitions(tx, run)
  for (const partition of await readPartitions(tx, run.id)) {
    const found = existing.find(
      (one) => one.from === (partition.bounds?.from ?? null) && one.to === (partition.bounds?.to ?? null),
    )
    if (found === undefined) await claimTableName(tx, run, partition.id, nameOf(run.table, partition.label))
    else await saveTableName(tx, partition.id, found.name)
  }
}

export function nameOf(source: TableName, label: string): TableName {
  return label === defaultLabel ? defaultPartitionName(source) : partitionName(source, label)
}

/** The DDL of the target, in order. Nothing here locks the source but the reads of its definition (ACCESS SHARE). */
export function targetStatements(run: Run, blueprint: Blueprint): Sql[] {
  const target = table(targetName(run.table))
  const { source } = blueprint
  return [
    sql`create table ${target} (
      like ${table(run.table)} including defaults including constraints including generated including storage
        including compression including statistics including comments
    ) partition by range (${ident(run.key.column)})`,
    sql`alter table ${target} owner to ${ident(source.owner)}`,
    ...blueprint.indexes.map((index) => indexStatement(index, target, targetObjectName(index.name))),
    ...identityStatements(source, target),
    ...columnSettings(source, target),
    ...replicaIdentity(source, target, targetObjectName),
    ...indexComments(source, targetName(run.table), targetObjectName),
    ...(source.comment === null ? [] : [sql`comment on table ${target} is ${literal(source.comment)}`]),
  ]
}

/** What an adopted target still lacks: owner, identities, and the names by which the swap finds its indexes. */
async function adoptionStatements(tx: Queryable, run: Run, blueprint: Blueprint): Promise<Sql[]> {
  const name = targetName(run.table)
  const relation = await findRelation(tx, name)
  const found = relation === undefined ? undefined : await describeTable(tx, relation.oid)
  if (found === undefined) throw new Error(`the scaffold that run ${run.id} adopted is gone`)
  const { source } = blueprint
  const target = table(name)
  return [
    sql`alter table ${target} owner to ${ident(source.owner)}`,
    ...blueprint.indexes.flatMap((index) => renameTwin(source, found, index, run)),
    ...identityStatements(source, target, found),
  ]
}

/** Preflight found a twin of each index: the same key columns, and unique where the source's is. */
function renameTwin(source: TableDescription, target: TableDescription, planned: PlannedIndex, run: Run): Sql[] {
  const original = source.indexes.find((index) => (index.constraint?.name ?? index.name) === planned.name)
  const twin = target.indexes.find((index) => original !== undefined && isTwin(original, index, run.key.column))
  if (twin === undefined) throw new Error(`the scaffold that run ${run.id} adopted has no index like ${planned.name}`)
  const wanted = targetObjectName(planned.name)
  return twin.name === wanted ? [] : [sql`alter index ${ident(target.schema, twin.name)} rename to ${ident(wanted)}`]
}

/** Whether an index of a partitioned table does for it what `original` does for the source. */
export function isTwin(original: IndexDescription, index: IndexDescription, keyColumn: string): boolean {
  const isExtended = original.isPrimary && !original.columns.includes(keyColumn)
  const columns = isExtended ? [...original.columns, keyColumn] : original.columns
  return index.isUnique === original.isUnique && JSON.stringify(index.columns) === JSON.stringify(columns)
}

/** What an index of the target is called until the swap gives it its source's name. */
export function targetObjectName(name: string): string {
  return shortenIdentifier(name, "_partitioned")
}

/** What an index of the source is called after the swap. */
export function legacyObjectName(name: string): string {
  return shortenIdentifier(name, "_legacy")
}

export function indexStatement(index: PlannedIndex, on: Sql, name: string): Sql {
  return index.kind === "constraint"
    ? sql`alter table ${on} add constraint ${ident(name)} ${raw(index.body)}`
    : sql`create ${raw(index.isUnique ? "unique " : "")}index ${ident(name)} on ${on}${raw(index.body)}`
}

/** The swap sets the sequence to where the source's stands. */
function identityStatements(source: TableDescription, target: Sql, existing?: TableDescription): Sql[] {
  return source.columns
    .filter(
      (column) =>
        column.identity !== "" &&
        existing?.columns.find((one) => one.name === column.name)?.identity !== column.identity,
    )
    .map((column) => {
      const how = raw(column.identity === "a" ? "always" : "by default")
      const options =
        source.sequences.find((one) => one.column === column.name && one.dependency === "i")?.options ?? ""
      return sql`alter table ${target} alter column ${ident(column.name)} add generated ${how} as identity (${raw(options)})`
    })
}
