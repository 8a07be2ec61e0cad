import { formatDuration } from "../../domain/duration.ts"
import { recordKinds, type LogRecord, type RecordKind } from "../../log/records.ts"
import { formatMoment } from "./moments.ts"
import { formatBytes, formatExactCount, nounFor } from "./numbers.ts"
import { padRight, toLine } from "./text.ts"
import { themeOf, type Theme } from "./theme.ts"

const kindWidth = Math.max(...recordKinds.map((kind) => kind.length))

/** Too long for a line; `cutover log --json` has them. */
const leftOut = new Set(["sql", "snapshot"])

const singulars: Readonly<Record<string, string>> = {
  attempts: "attempt",
  batches: "batch",
  changes: "change",
  partitions: "partition",
  rows: "row",
}

/** One record of the maintenance log in one line: when, what, which partition, and its facts in words. */
export function renderLogRecord(record: LogRecord, { color }: { color: boolean }): string {
  const theme = themeOf(color)
  const moment = theme.quiet(formatMoment(record.at))
  const kind = styleOf(record.kind, theme)(padRight(record.kind, kindWidth))
  const facts = [...partitionOf(record), ...factsOf(withNone(record)), ...placeOf(record)].map(toLine)
  return `${moment}  ${kind}  ${facts.join(", ")}`.trimEnd()
}

function styleOf(kind: RecordKind, theme: Theme): (text: string) => string {
  if (kind === "run.halted") return theme.bad
  if (kind === "run.paused" || kind === "run.aborted" || kind === "throttle.began") return theme.warning
  return kind.endsWith(".completed") ? theme.good : theme.active
}

function partitionOf({ partition }: LogRecord): string[] {
  return partition === null ? [] : [partition]
}

function factsOf(data: LogRecord["data"]): string[] {
  return Object.entries(data)
    .filter(([key, value]) => value !== null && value !== undefined && value !== "" && !leftOut.has(key))
    .map(([key, value]) => factOf(key, value))
}

/** A limit that was set to nothing is told; elsewhere, what is null has nothing to tell. */
function withNone({ kind, data }: LogRecord): LogRecord["data"] {
  if (kind !== "run.set") return data
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, value ?? "none"]))
}

/** The WAL position of the swap, for those who wait for it on a replica; who did it, where a person did. */
function placeOf({ kind, lsn, actor }: LogRecord): string[] {
  if (kind === "attach.completed" && lsn !== null) return [`lsn ${lsn}`]
  return /^run\.(launched|paused|resumed|aborted|set)$/.test(kind) ? [`by ${actor}`] : []
}

function factOf(key: string, value: unknown): string {
  if (typeof value === "number" || typeof value === "string") return scalarOf(key, value)
  if (key === "equal") return value === true ? "equal" : "different"
  if (typeof value === "boolean") return value ? wordsOf(key) : `not ${wordsOf(key)}`
  if (isError(value)) return `${value.message} (${value.code})`
  return `${wordsOf(key)} ${JSON.stringify(value)}`
}

function scalarOf(key: string, value: number | string): string {
  const singular = singulars[key]
  if (singular !== undefined && isCount(value)) return `${formatExactCount(value)} ${nounFor(value, singular)}`
  if (/(rows|changes|batches)$/i.test(key) && isCount(value)) return `${wordsOf(key)} ${formatExactCount(value)}`
  if (key === "durationMs") return `in ${formatDuration(Number(value))}`
  if (key.endsWith("Ms")) return `${wordsOf(key.slice(0, -"Ms".length))} ${formatDuration(Number(value))}`
  if (key.endsWith("Bytes")) return `${wordsOf(key.slice(0, -"Bytes".length))} ${formatBytes(value)}`
  if (/(At|Until)$/.test(key) && !Number.isNaN(Date.parse(String(value)))) {
    return `${wordsOf(key)} ${formatMoment(String(value))}`
  }
  return key === "reason" ? String(value) : `${wordsOf(key)} ${value}`
}

/** `lockHeld` is `lock held`. */
function wordsOf(key: string): string {
  return key.replace(/(?<=[a-z\d])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function isCount(value: number | string): boolean {
  return /^\d+$/.test(String(value))
}

function isError(value: unknown): value is { message: string; code: string } {
  return typeof value === "object" && value !== null && "message" in value && "code" in value
}
