import { historyName, targetName } from "../../domain/derivedNames.ts"
import { type Interval, labelOf, nextStart } from "../../domain/interval.ts"
import { type Queryable, readOne } from "../../postgres/Queryable.ts"
import { findRelation } from "../../postgres/catalog/findRelation.ts"
import { type Sql, sql } from "../../postgres/sql.ts"
import type { Boundary } from "../../store/Blueprint.ts"
import {
  type Partition,
  addFindings,
  findPartitionByLabel,
  readPartitions,
  savePartitionState,
  saveTableName,
  unbounded,
} from "../../store/partitions.ts"
import { type Run, saveRunFacts } from "../../store/runs.ts"
import type { RunStep } from "../Step.ts"
import { vacuumAsSource } from "../autovacuum.ts"
import { attachStatements } from "../copy/catchUp.ts"
import { indexesOfPartition } from "../copy/buildIndex.ts"
import { createPartitionTable } from "../copy/createPartitionTable.ts"
import { readBounds } from "../keyExpression.ts"
import { tableOf } from "../partitionTable.ts"
import { readDefaultGrantees } from "../prep/defaultPrivileges.ts"
import { nameTables, targetStatements } from "../prep/scaffold.ts"
import { requireBlueprint } from "../requireBlueprint.ts"
import { assertUnchanged } from "../source/assertUnchanged.ts"

/** The label of the partition that the table becomes. */
export const historyLabel = "history"

/** Builds the partitioned table beside the table, with the months from the boundary on; the history comes to it in the swap. */
export const layOut: RunStep = async ({ tx, run }) => {
  await assertUnchanged(tx, run)
  const blueprint = requireBlueprint(run)
  const boundary = requireBoundary(run)
  const grantees = await readDefaultGrantees(tx, blueprint.source.schema, blueprint.source.owner)
  for (const statement of targetStatements(run, blueprint, grantees)) await tx.query(statement)
  const target = await findRelation(tx, targetName(run.table))
  if (target === undefined) throw new Error(`the target of run ${run.id} was made and is not there`)
  await saveRunFacts(tx, run.id, { targetOid: target.oid, strategy: "relabel" })
  const made = { ...run, targetOid: target.oid }
  await noteMonths(tx, made, boundary)
  await buildMonths(tx, made)
  await noteHistory(tx, made, boundary)
  return {
    event: { type: "scaffold.built", left: 0, sweeps: false },
    facts: {
      target: targetName(run.table).name,
      partitions: (await readPartitions(tx, run.id)).length,
      strategy: "relabel",
      reason: `the table becomes one partition, up to ${boundary.edge}`,
    },
  }
}

export function requireBoundary(run: Run): Boundary {
  const { boundary } = requireBlueprint(run)
  if (boundary === undefined) throw new Error(`run ${run.id} relabels and has no boundary`)
  return boundary
}

/** The first days of the months that begin at the boundary: at least one, or the boundary would be the end of all time. */
export function startsAhead(interval: Interval, first: string, count: number): string[] {
  const starts = [first]
  for (let at = first; starts.length < count;) starts.push((at = nextStart(interval, at)))
  return starts
}

async function noteMonths(tx: Queryable, run: Run, { day }: Boundary): Promise<void> {
  const { interval, monthsAhead } = run.options
  const starts = startsAhead(interval, day, monthsAhead)
  const bounds = await readBounds(tx, run, starts)
  const months = starts.map((start) => ({
    label: labelOf(interval, start),
    bounds: bounds.get(start) ?? null,
    rows: 0,
    blocks: "{}",
  }))
  await addFindings(tx, run.id, months)
  await nameTables(tx, run)
}

async function buildMonths(tx: Queryable, run: Run): Promise<void> {
  for (const partition of await readPartitions(tx, run.id)) {
    const name = tableOf(run, partition)
    await createPartitionTable(tx, run, partition, name)
    for (const statement of emptyMonthStatements(run, partition)) await tx.query(statement)
    await savePartitionState(tx, partition.id, "validated")
  }
}

/** What makes a month's table, in which there is nothing to load, a partition. */
export function emptyMonthStatements(run: Run, partition: Partition): Sql[] {
  return [
    ...indexesOfPartition(run, tableOf(run, partition)),
    ...attachStatements(run, partition),
    vacuumAsSource(requireBlueprint(run), tableOf(run, partition)),
  ]
}

/** Its CHECK is valid, so its rows are proved; they are neither counted nor copied. The table is not the run's to drop: no OID is noted. */
async function noteHistory(tx: Queryable, run: Run, { edge }: Boundary): Promise<void> {
  const { rows } = await readOne<{ rows: number }>(
    tx,
    sql`select greatest(reltuples, 0)::float8 as rows from pg_class where oid = ${run.sourceOid}`,
  )
  const history = { label: historyLabel, bounds: { from: unbounded, to: edge }, rows, blocks: "{}" }
  await addFindings(tx, run.id, [history])
  const partition = await findPartitionByLabel(tx, run.id, historyLabel)
  if (partition === undefined) throw new Error(`run ${run.id} lost the partition it just noted`)
  await saveTableName(tx, partition.id, historyName(run.table).name)
  await savePartitionState(tx, partition.id, "validated")
}
