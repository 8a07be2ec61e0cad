import { inspect } from "node:util"
import { CutoverError, nothingChanged } from "../errors/CutoverError.ts"
import { quoteIdentifier } from "./identifier.ts"
import { parseIdentifierList } from "./identifierList.ts"

/** A table's schema and name as the catalog has them: unquoted, not folded. */
export type TableName = { readonly schema: string; readonly name: string }

/** Reads `table` (then in `public`) or `schema.table`, quoted parts allowed; refuses all else with `CUTOVER_USAGE`. */
export function parseTableName(text: string): TableName {
  const [first, second, ...more] = parseIdentifierList(text, ".")
  if (first === undefined || more.length > 0) throw tooManyParts(text)
  return second === undefined ? { schema: "public", name: first } : { schema: first, name: second }
}

/** The name as people write it, always with its schema, quoted only where needed; `parseTableName` reads it back. */
export function renderTableName({ schema, name }: TableName): string {
  return `${renderPart(schema)}.${renderPart(name)}`
}

function renderPart(part: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(part) ? part : quoteIdentifier(part)
}

function tooManyParts(text: string): CutoverError {
  return new CutoverError("CUTOVER_USAGE", {
    message: `${inspect(text)} is not a table's name: it has more than two parts.`,
    state: nothingChanged,
    hint: "Write table or schema.table; the database is chosen by --database-url.",
  })
}
