import { firstBatchBlocks } from "../../domain/pace.ts"
import { targetName } from "../../domain/derivedNames.ts"
import { shortenIdentifier } from "../../domain/identifier.ts"
import { fillGaps } from "../../domain/gaps.ts"
import { labelOf, seededStarts } from "../../domain/interval.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import type { IndexDescription, TableDescription } from "../../postgres/catalog/TableDescription.ts"
import { describeTable } from "../../postgres/catalog/describeTable.ts"
import { findRelation } from "../../postgres/catalog/findRelation.ts"
import { type Sql, ident, raw, sql, table } from "../../postgres/sql.ts"
import type { Blueprint, PlannedIndex } from "../../store/Blueprint.ts"
import { addFindings, countLeft, readPartitions, saveTableName } from "../../store/partitions.ts"
import { type Run, saveRunFacts } from "../../store/runs.ts"
import type { RunStep } from "../Step.ts"
import { intervalStartOf, readBounds } from "../keyExpression.ts"
import { freeName } from "./freeName.ts"
import { type DefaultGrantees, readDefaultGrantees, revokeStatements } from "./defaultPrivileges.ts"
import {
  columnSettings,
  indexComments,
  indexStatistics,
  replicaIdentity,
  statisticsStatements,
  tablespaceClause,
} from "./settings.ts"
import { chooseStrategy, prepareSweep } from "./strategy.ts"
import { boundsCheck } from "../partitionTable.ts"
import { readTargetPartitions } from "../targetPartitions.ts"
import { requireBlueprint } from "../requireBlueprint.ts"
import { checkOfPlace, placeCheck } from "../split/place.ts"
import { commentStatement } from "../swap/belongings/comments.ts"

/**
 * Builds the target beside the source, empty, with all its keys and indexes, and names the table of each month that
 * holds rows and of the seeded ones. The tables themselves are made when their copy begins.
 */
export const scaffold: RunStep = async ({ tx, run }) => {
  const blueprint = requireBlueprint(run)
  await seedPartitions(tx, run)
  const { schema, owner } = blueprint.source
  const grantees = await readDefaultGrantees(tx, schema, owner)
  const statements = blueprint.isAdopted
    ? await adoptionStatements(tx, run, blueprint, grantees)
    : targetStatements(run, blueprint, grantees)
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

/** The months around today get partitions though they may hold no rows yet, and so do small gaps: writes of tomorrow need them. */
async function seedPartitions(tx: Queryable, run: Run): Promise<void> {
  const { interval, timezone, monthsBack, monthsAhead } = run.options
  const { today } = await readOne<{ today: string }>(
    tx,
    sql`select (clock_timestamp() at time zone ${timezone})::date::text as today`,
  )
  const found = await readStarts(tx, run)
  const starts = fillGaps(interval, found, seededStarts(interval, today, monthsBack, monthsAhead))
  const bounds = await readBounds(tx, run, starts)
  const seeded = [...bounds].map(([start, within]) => ({
    label: labelOf(interval, start),
    bounds: within,
    rows: 0,
    blocks: "{}",
  }))
  await addFindings(tx, run.id, seeded)
}

/** The first days of the intervals that the survey found rows of. */
async function readStarts(tx: Queryable, run: Run): Promise<string[]> {
  const bound = sql`lower_bound::${ident("pg_catalog", run.key.type)}`
  const { rows } = await tx.query<{ start: string }>(
    sql`select ${intervalStartOf(run, bound)}::text as start from cutover.partitions where run_id = ${run.id} and lower_bound is not null`,
  )
  return rows.map((row) => row.start)
}

/** An adopted scaffold's partitions are known by their bounds, never by their names. */
export async function nameTables(tx: Queryable, run: Run): Promise<void> {
  const existing = await readTargetPartitions(tx, run)
  for (const partition of await readPartitions(tx, run.id)) {
    const found = existing.find(
      (one) => one.from === (partition.bounds?.from ?? null) && one.to === (partition.bounds?.to ?? null),
    )
    const name = found?.name ?? (await freeName(tx, run.table, partition.label)).name
    await saveTableName(tx, partition.id, name)
  }
}

/** The DDL of the target, in order. Nothing here locks the source but the reads of its definition (ACCESS SHARE). */
export function targetStatements(run: Run, blueprint: Blueprint, grantees: DefaultGrantees): Sql[] {
  const target = table(targetName(run.table))
  const { source } = blueprint
  return [
    sql`create table ${target} (
      like ${table(run.table)} including defaults including constraints including generated including storage
        including compression including comments
    ) partition by range (${ident(run.key.column)})${tablespaceClause(source)}`,
    ...revokeStatements("table", target, grantees.tables),
    sql`alter table ${target} owner to ${ident(source.owner)}`,
    // Rows of the source may offend what was never validated; the swap adds it, as it was.
    ...source.checks
      .filter((check) => !check.isValidated)
      .map((check) => sql`alter table ${target} drop constraint ${ident(check.name)}`),
    // The CHECK that proves a history's bounds would keep out what comes after it.
    ...(blueprint.boundary === undefined ? [] : [sql`alter table ${target} drop constraint ${ident(boundsCheck)}`]),
    ...(blueprint.place === undefined
      ? []
      : [sql`alter table ${target} add constraint ${ident(placeCheck)} check (${checkOfPlace(run, blueprint.place)})`]),
    ...blueprint.indexes.map((index) => indexStatement(index, target, targetObjectName(index.name))),
    ...identityStatements(source, target, grantees, targetObjectName),
    ...statisticsStatements(source, target, targetObjectName),
    ...columnSettings(source, target),
    ...settingsOfTarget(run, source),
  ]
}

/** What can be told to a target that was found, just as to one that was made. */
function settingsOfTarget(run: Run, source: TableDescription): Sql[] {
  const target = targetName(run.table)
  return [
    ...replicaIdentity(source, table(target), targetObjectName),
    ...indexStatistics(source, target.schema, targetObjectName),
    ...indexComments(source, target, targetObjectName),
    ...commentStatement(sql`table ${table(target)}`, source.comment),
  ]
}

/** What an adopted target still lacks: owner, identities, and the names by which the swap finds its indexes. */
export async function adoptionStatements(
  tx: Queryable,
  run: Run,
  blueprint: Blueprint,
  grantees: DefaultGrantees,
): Promise<Sql[]> {
  const name = targetName(run.table)
  const relation = await findRelation(tx, name)
  const found = relation === undefined ? undefined : await describeTable(tx, relation.oid)
  if (found === undefined) throw new Error(`the scaffold that run ${run.id} adopted is gone`)
  const { source } = blueprint
  const target = table(name)
  return [
    sql`alter table ${target} owner to ${ident(source.owner)}`,
    ...blueprint.indexes.flatMap((index) => renameTwin(source, found, index, run)),
    ...identityStatements(source, target, grantees, targetObjectName, found),
    ...statisticsStatements(source, target, targetObjectName, found.statistics),
    ...settingsOfTarget(run, source),
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

/** The target's identities, their sequences under the names that they have until the swap, which sets them to where the source's stand. */
export function identityStatements(
  source: TableDescription,
  target: Sql,
  { sequences }: DefaultGrantees,
  nameOf: (sequence: string) => string,
  existing?: TableDescription,
): Sql[] {
  const mine = source.sequences.filter((one) => one.dependency === "i")
  return mine.flatMap(({ schema, name, column, options }) => {
    const wanted = nameOf(name)
    const found = existing?.sequences.find((one) => one.column === column && one.dependency === "i")
    if (found !== undefined)
      return found.name === wanted
        ? []
        : [sql`alter sequence ${ident(found.schema, found.name)} rename to ${ident(wanted)}`]
    const how = raw(source.columns.find((one) => one.name === column)?.identity === "a" ? "always" : "by default")
    const sequence = ident(schema, wanted)
    return [
      sql`alter table ${target} alter column ${ident(column)}
        add generated ${how} as identity (sequence name ${sequence} ${raw(options)})`,
      ...revokeStatements("sequence", sequence, sequences),
    ]
  })
}
