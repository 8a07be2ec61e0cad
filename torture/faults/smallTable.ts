import type { LaunchInput } from "../../test/support/runs.ts"
import type { TestDatabase } from "../../test/support/database.ts"
import { type Writers, type WritersOptions, createTruth, startWriters } from "../../test/support/writers.ts"

/** Two months of rows: a whole run of it lasts a second, and does everything that a long one does. */
const rows = 400
const days = 59

export const launchInput: LaunchInput = {
  table: "t",
  by: "d",
  options: { writes: "capture", batchTargetMs: 50 },
}

/** The same table, that becomes its own first partition. */
export const relabelInput: LaunchInput = { ...launchInput, options: { ...launchInput.options, strategy: "relabel" } }

/** The same, for the command. */
export const launchArgs: readonly string[] = ["launch", "t", "--by", "d", "--batch-target", "50ms"]

export async function createSmallTable(database: TestDatabase): Promise<void> {
  await createTruth(database, rows, days)
}

/** Slow enough that two cores are left for the run. */
export async function startSlowWriters(
  database: TestDatabase,
  seed: number,
  options: WritersOptions = {},
): Promise<Writers> {
  return await startWriters(database, rows, seed, { pauseMs: 100, days, ...options })
}
