import { legacyName } from "../../domain/derivedNames.ts"
import { renderTableName } from "../../domain/tableName.ts"
import { CutoverError } from "../../errors/CutoverError.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import type { ColumnDescription } from "../../postgres/catalog/TableDescription.ts"
import { describeTable } from "../../postgres/catalog/describeTable.ts"
import { countKeys, reverseLogOf } from "../../store/changeLog.ts"
import type { Run } from "../../store/runs.ts"
import { heedPartitions } from "./heedPartitions.ts"
import { replayBack } from "./replayBack.ts"
import { noteLoaded } from "../locks/oldSnapshots.ts"
import { requireBlueprint } from "../requireBlueprint.ts"

/** Entries of the log that one transaction replays: short enough for a pause or a rollback to wait for. */
const changesPerRound = 20_000

/** Brings the legacy table one round nearer to the new one, and says how many entries of the log that took. */
export async function follow(
  tx: Queryable,
  run: Run,
): Promise<{ readonly isUpToDate: boolean; readonly taken: number }> {
  await assertLegacyCanFollow(tx, run)
  await heedPartitions(tx, run)
  // Entries, and not keys: many may be of one row.
  const taken = await countKeys(tx, reverseLogOf(run), changesPerRound)
  if ((await replayBack(tx, run, changesPerRound)) > 0) await noteLoaded(tx, run)
  return { isUpToDate: taken < changesPerRound, taken }
}

/** A column that was added, dropped or changed since the swap has no place in the legacy table. */
export async function assertLegacyCanFollow(tx: Queryable, run: Run): Promise<void> {
  const now = await describeTable(tx, run.targetOid ?? 0)
  if (now === undefined) throw cannotFollow(run, "the partitioned table is gone")
  const before = new Set(requireBlueprint(run).source.columns.map(textOf))
  const after = new Set(now.columns.map(textOf))
  const changes = [
    ...[...after].filter((column) => !before.has(column)).map((column) => `column ${column} is new`),
    ...[...before].filter((column) => !after.has(column)).map((column) => `column ${column} is gone`),
  ]
  if (changes.length > 0) throw cannotFollow(run, changes.join(", "))
}

function textOf({ name, type, generated }: ColumnDescription): string {
  return `${name} ${type}${generated === "" ? "" : " (generated)"}`
}

function cannotFollow(run: Run, why: string): CutoverError {
  const name = renderTableName(run.table)
  const legacy = renderTableName(legacyName(run.table))
  return new CutoverError("CUTOVER_SOURCE_CHANGED", {
    message: `${legacy} cannot follow ${name} any more: ${why} since the swap.`,
    state: `${name} is partitioned and in use. Writes since then wait in the reverse change log; ${legacy} is as it was before them.`,
    hint: `Undo the change and resume, or give up the way back: cutover cleanup ${run.id} --confirm ${name} --before-window --reason "…"`,
  })
}
