import type { RunOptions } from "../../config/runOptions.ts"
import type { TableName } from "../../domain/tableName.ts"
import type { ErrorCode } from "../../errors/codes.ts"
import type { Queryable } from "../../postgres/Queryable.ts"
import type { TableDescription } from "../../postgres/catalog/TableDescription.ts"
import type { KeyType } from "../../store/runs.ts"

/** What a look at the table found: fine, worth knowing, or in the way. */
export type Finding = {
  readonly code: ErrorCode
  readonly level: "ok" | "warn" | "block"
  readonly message: string
  /** What to do about it; empty where there is nothing to do. */
  readonly hint: string
}

export type ServerContext = { readonly db: Queryable }

export type TableContext = ServerContext & {
  readonly table: TableName
  readonly source: TableDescription
}

export type CheckContext = TableContext & {
  readonly key: { readonly column: string; readonly type: KeyType }
  readonly options: RunOptions
}

/** Reads the catalog or the table and reports; it changes nothing. */
export type Check<Context = CheckContext> = (context: Context) => Promise<readonly Finding[]>

export function ok(code: ErrorCode, message: string): Finding {
  return { code, level: "ok", message, hint: "" }
}

/** Nothing in the way, but worth knowing before. */
export function warn(code: ErrorCode, message: string, hint: string): Finding {
  return { code, level: "warn", message, hint }
}

export function block(code: ErrorCode, message: string, hint: string): Finding {
  return { code, level: "block", message, hint }
}

/** A check that found nothing amiss says what it looked at. */
export function orOk(findings: readonly Finding[], code: ErrorCode, message: string): readonly Finding[] {
  return findings.length > 0 ? findings : [ok(code, message)]
}
