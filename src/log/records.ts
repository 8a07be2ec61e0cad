/** The kinds of maintenance log records. The same union feeds the log, LISTEN, webhooks and the dashboard. */
export const recordKinds = [
  "run.launched",
  "prep.completed",
  "partition.copied",
  "partition.validated",
  "run.paused",
  "run.resumed",
  "run.halted",
  "run.set",
  "throttle.began",
  "throttle.ended",
  "copy.completed",
  "validate.completed",
  "attach.attempted",
  "attach.completed",
  "analyze.completed",
  "fallback.opened",
  "rollback.completed",
  "cleanup.completed",
  "run.completed",
  "run.aborted",
] as const

export type RecordKind = (typeof recordKinds)[number]

/** One row of `cutover.maintenance_log`. `at` is ISO 8601 in UTC, `lsn` the WAL position when it was written. */
export type LogRecord = {
  readonly seq: number
  readonly id: string
  readonly at: string
  readonly runId: string
  readonly tableName: string
  readonly kind: RecordKind
  readonly partition: string | null
  readonly lsn: string | null
  readonly timeline: number | null
  readonly actor: string
  readonly data: Readonly<Record<string, unknown>>
}
