import type { ErrorDocument } from "../../../src/errors/CutoverError.ts"
import type { PartitionStatus, Status } from "../../../src/domain/status.ts"

/** The moment at which the statuses of these tests are looked at. */
export const now = new Date("2025-11-23T12:00:00Z")

export function secondsAgo(seconds: number): string {
  return new Date(now.getTime() - seconds * 1000).toISOString()
}

type Changes = { [Part in "run" | "totals" | "attach"]?: Partial<Status[Part]> } & Partial<Pick<Status, "partitions">>

/** A run in the middle of its copy, with what a test changes in it. */
export function aStatus({ run, totals, attach, partitions = [] }: Changes = {}): Status {
  return {
    schemaVersion: 1,
    run: {
      id: "01JDXK3V5E8M0Q2R4T6W8Y0A1C",
      table: "public.returns_raw",
      by: "return_date",
      interval: "month",
      state: "copy",
      control: "running",
      reason: null,
      error: null,
      launchedAt: secondsAgo(720),
      updatedAt: secondsAgo(0),
      finishedAt: null,
      workers: 1,
      ...run,
    },
    totals: {
      partitions: 24,
      copied: 14,
      validated: 12,
      rowsCopied: 41_300_000,
      rowsEstimated: 67_500_000,
      rowsPerSecond: 52_000,
      etaMs: 480_000,
      changesPending: 312,
      batches: 8260,
      retries: 0,
      ...totals,
    },
    attach: { attempts: 0, lockHeldMs: null, swappedAt: null, fallbackUntil: null, legacyTable: null, ...attach },
    partitions,
  }
}

/** What nothing is done for any more: no changes, no speed, no estimate of the end. */
export const idle = { rowsPerSecond: 0, etaMs: null, changesPending: 0 } as const

export const swapped = { attempts: 2, lockHeldMs: 41, swappedAt: secondsAgo(60) } as const

export const difference: ErrorDocument = {
  code: "CUTOVER_DIFFERENT",
  message: "Partition 2025-03 differs: 2,801,113 rows in the source, 2,801,112 in the target.",
  state: "The source is untouched and in use; the target is kept.",
  hint: "Copy the month again with cutover retry 01JDXK3V5E8M0Q2R4T6W8Y0A1C --partition 2025-03.",
  details: {},
}

const byState: Readonly<Record<PartitionStatus["state"], Partial<PartitionStatus>>> = {
  pending: { rowsCopied: 0, batches: 0, attempts: 0, startedAt: null, copiedAt: null },
  copying: { rowsCopied: 1_200_000, copiedAt: null },
  indexing: { copiedAt: null },
  catchingUp: { copiedAt: null },
  copied: {},
  validating: {},
  validated: { validatedAt: secondsAgo(30), sourceRows: 2_812_345, targetRows: 2_812_345, equal: true },
}

/** One partition in a state, with what a test changes in it. */
export function aPartition(
  label: string,
  state: PartitionStatus["state"],
  changes: Partial<PartitionStatus> = {},
): PartitionStatus {
  return {
    label,
    table: `public.returns_raw_${label.replace("-", "_")}`,
    from: `${label}-01`,
    to: `${label}-28`,
    state,
    rowsEstimated: 2_800_000,
    rowsCopied: 2_812_345,
    batches: 56,
    attempts: 1,
    startedAt: secondsAgo(300),
    copiedAt: secondsAgo(246),
    validatedAt: null,
    sourceRows: null,
    targetRows: null,
    equal: null,
    ...byState[state],
    ...changes,
  }
}

/** `count` months in a row: the first `validated` ones are, then some are busy as given, the rest are pending. */
export function months(count: number, validated: number, busy: readonly PartitionStatus["state"][]): PartitionStatus[] {
  return Array.from({ length: count }, (_, at) => {
    const label = `${2005 + Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, "0")}`
    return aPartition(label, at < validated ? "validated" : (busy[at - validated] ?? "pending"))
  })
}
