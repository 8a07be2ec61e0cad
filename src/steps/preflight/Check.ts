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
  readonly hint: string
}

export type CheckContext = {
  readonly db: Queryable
  readonly table: TableName
  readonly source: TableDescription
  readonly key: { readonly column: string; readonly type: KeyType }
  readonly options: RunOptions
}

/** Reads the catalog or the table and reports; it changes nothing. */
export type Check = (context: CheckContext) => Promise<readonly Finding[]>

/** Nothing in the way, but worth knowing before. */
export function warn(code: ErrorCode, message: string, hint: string): Finding {
  return { code, level: "warn", message, hint }
}

export function block(code: ErrorCode, message: string, hint: string): Finding {
  return { code, level: "block", message, hint }
}
