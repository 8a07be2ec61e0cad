import type { Queryable } from "../../postgres/Queryable.ts"
import type { Sql } from "../../postgres/sql.ts"
import { type Partition, readPartitions } from "../../store/partitions.ts"
import type { Run } from "../../store/runs.ts"
import { vacuumAsSource } from "../autovacuum.ts"
import { indexesOfPartition } from "../copy/buildIndex.ts"
import { attachStatements } from "../copy/catchUp.ts"
import { partitionStatements } from "../copy/createPartitionTable.ts"
import { tableOf } from "../partitionTable.ts"
import { readDefaultGrantees } from "../prep/defaultPrivileges.ts"
import { freeName } from "../prep/freeName.ts"
import { requireBlueprint } from "../requireBlueprint.ts"
import { placeOf } from "./place.ts"

/** The label of the partition from the beginning of the place to the first month. */
const pastLabel = "before"

/**
 * An empty partition for what is older than the first month, as the partition that is split took it. It is made on the way to the swap,
 * and not before: until then such a row makes a month of its own. Nobody uses the target yet, so nobody waits.
 */
export async function makePast(tx: Queryable, run: Run): Promise<void> {
  if (placeOf(run) === undefined) return
  for (const statement of await pastStatements(tx, run, await readPartitions(tx, run.id))) await tx.query(statement)
}

/** The same as statements; `months` are in order. None where the first month begins with the place. */
export async function pastStatements(db: Queryable, run: Run, months: readonly Partition[]): Promise<Sql[]> {
  const place = placeOf(run)
  const first = months.find((month) => month.bounds !== null)?.bounds
  if (place === undefined || first?.from === place.from) return []
  const past: Partition = {
    id: "0",
    runId: run.id,
    label: pastLabel,
    tableName: (await freeName(db, run.table, pastLabel)).name,
    tableOid: null,
    bounds: { from: place.from, to: first?.from ?? place.to },
    state: "validated",
    tick: 0,
    blocks: [],
    nextBlock: 0,
    batches: 0,
    isLoaded: false,
  }
  const name = tableOf(run, past)
  const grantees = await readDefaultGrantees(db, name.schema, requireBlueprint(run).source.owner)
  return [
    ...partitionStatements(run, past, name, grantees),
    ...indexesOfPartition(run, name),
    ...attachStatements(run, past),
    vacuumAsSource(requireBlueprint(run), name),
  ]
}
