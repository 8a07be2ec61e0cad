import { legacyName } from "../../domain/derivedNames.ts"
import { type TableName, renderTableName } from "../../domain/tableName.ts"
import { CutoverError, nothingChanged } from "../../errors/CutoverError.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import { liftStatementTimeout } from "../../postgres/sessionSettings.ts"
import { sql } from "../../postgres/sql.ts"
import { followsBack } from "../../steps/changes/captureBack.ts"
import { countUnheld } from "../../steps/changes/replayBack.ts"
import { tableOf } from "../../steps/partitionTable.ts"
import { relabels } from "../../steps/relabel/relabels.ts"
import { readTargetPartitions } from "../../steps/targetPartitions.ts"
import { type Pair, compare } from "../../steps/validate/compare.ts"
import { type Differences, narrow } from "../../steps/validate/narrow.ts"
import { pairOf } from "../../steps/validate/validatePartition.ts"
import { changeLogOf, countKeysIfAny, reverseLogOf } from "../../store/changeLog.ts"
import { type Comparison, readPartitions } from "../../store/partitions.ts"
import { type Run, readRun } from "../../store/runs.ts"
import type { Services } from "../Services.ts"
import { acrossBreaks } from "../acrossBreaks.ts"

/** What a comparison of both tables found, partition by partition; those that are not copied yet are only counted. */
export type Verified = {
  readonly schemaVersion: 1
  readonly run: { readonly id: string; readonly table: string; readonly comparedWith: string }
  readonly equal: boolean
  /** Keys that wait in the log, whose rows were left out. */
  readonly changesPending: number
  /** Rows that the legacy table cannot hold, left out too. */
  readonly unheld: number
  readonly notCopied: number
  readonly partitions: readonly VerifiedPartition[]
}

export type VerifiedPartition = {
  readonly label: string
  readonly table: string
  readonly sourceRows: string
  readonly targetRows: string
  readonly equal: boolean
  readonly differences: Differences | null
}

/** Compares source and target now, or the new table and the legacy one; each partition in one snapshot. Changes nothing. */
export async function verify(
  services: Services,
  runId: string,
  onPartition: (partition: VerifiedPartition) => void = () => {},
): Promise<Verified> {
  const { database } = services
  const { run, pairs, notCopied } = await acrossBreaks(services, () => findPairs(services, runId))
  const partitions: VerifiedPartition[] = []
  for (const { label, pair } of pairs) {
    const look = async (tx: Queryable): Promise<VerifiedPartition> => await verifyPair(tx, run, label, pair)
    const verified = await acrossBreaks(services, () => inSnapshot(services, look))
    partitions.push(verified)
    onPartition(verified)
  }
  const isAfter = run.swappedAt !== null
  const { changesPending, unheld } = await acrossBreaks(services, async () => ({
    changesPending: await countKeysIfAny(database, isAfter ? reverseLogOf(run) : changeLogOf(run), 1_000_000),
    unheld: isAfter && followsBack(run) ? await countUnheld(database, run) : 0,
  }))
  return {
    schemaVersion: 1,
    run: {
      id: run.id,
      table: renderTableName(run.table),
      comparedWith: isAfter ? renderTableName(legacyName(run.table)) : "its partitions",
    },
    equal: partitions.every((one) => one.equal),
    changesPending,
    unheld,
    notCopied,
    partitions,
  }
}

type Pairs = { readonly pairs: readonly { readonly label: string; readonly pair: Pair }[]; readonly notCopied: number }

async function findPairs(services: Services, runId: string): Promise<Pairs & { readonly run: Run }> {
  const run = await readRun(services.database, runId)
  if (relabels(run)) throw nothingToCompare(run)
  const pairs = run.swappedAt === null ? await pairsBefore(services, run) : await pairsAfter(services, run)
  return { run, ...pairs }
}

async function pairsBefore({ database }: Services, run: Run): Promise<Pairs> {
  if (run.finishedAt !== null || run.targetOid === null) throw nothingToCompare(run)
  const partitions = await readPartitions(database, run.id)
  const copied = partitions.filter((one) => ["copied", "validating", "validated"].includes(one.state))
  return {
    pairs: copied.map((partition) => ({ label: partition.label, pair: pairOf(run, partition) })),
    notCopied: partitions.length - copied.length,
  }
}

/** After the swap the partitions are what the catalog says; some may have come since. */
async function pairsAfter({ database }: Services, run: Run): Promise<Pairs> {
  if (run.finishedAt !== null || run.state === "rolledBack") throw nothingToCompare(run)
  const labels = new Map(
    (await readPartitions(database, run.id)).map((one) => [renderTableName(tableOf(run, one)), one.label]),
  )
  const log = followsBack(run) ? reverseLogOf(run) : null
  const pairs = (await readTargetPartitions(database, run)).map(({ schema, name, from, to }) => {
    const partition: TableName = { schema, name }
    const bounds = from === null || to === null ? null : { from, to }
    const pair: Pair = { plain: legacyName(run.table), partition, bounds, log, blocks: null }
    return { label: labels.get(renderTableName(partition)) ?? name, pair }
  })
  return { pairs, notCopied: 0 }
}

async function verifyPair(tx: Queryable, run: Run, label: string, pair: Pair): Promise<VerifiedPartition> {
  const { sourceRows, targetRows, equal }: Comparison = await compare(tx, run, pair)
  const differences = equal ? null : await narrow(tx, run, pair)
  return { label, table: renderTableName(pair.partition), sourceRows, targetRows, equal, differences }
}

/** The comparison and the look for rows see the same moment; a READ ONLY transaction that takes no lock but ACCESS SHARE. */
async function inSnapshot<T>({ database }: Services, look: (tx: Queryable) => Promise<T>): Promise<T> {
  return await database.withSession(async (session) => {
    try {
      await session.query(sql`begin isolation level repeatable read read only`)
      await liftStatementTimeout(session)
      const result = await look(session)
      await session.query(sql`commit`)
      return result
    } catch (error) {
      session.discard()
      throw error
    }
  })
}

function nothingToCompare(run: Run): CutoverError {
  return new CutoverError("CUTOVER_STEP_NOT_ALLOWED", {
    message: relabels(run)
      ? `Run ${run.id} of ${renderTableName(run.table)} moves no row (--strategy relabel); there are no two tables to compare.`
      : `Run ${run.id} of ${renderTableName(run.table)} is in ${run.state}; there are no two tables to compare.`,
    state: nothingChanged,
    hint: `See where it is: cutover status ${run.id}`,
  })
}
