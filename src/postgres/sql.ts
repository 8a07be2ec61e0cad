import { createHash } from "node:crypto"
import { quoteIdentifier } from "../domain/identifier.ts"
import type { TableName } from "../domain/tableName.ts"

/** A statement or a piece of one: text with `$n` placeholders, and their values. A named one is planned once in a session. */
export type Sql = { readonly text: string; readonly values: readonly unknown[]; readonly name?: string }

const fragments = new WeakSet<Sql>()

/** Builds a statement; an interpolated fragment is put in as SQL, everything else travels as a parameter. */
export function sql(strings: TemplateStringsArray, ...parts: readonly unknown[]): Sql {
  let text = strings[0] ?? ""
  const values: unknown[] = []
  parts.forEach((part, index) => {
    if (isFragment(part)) {
      text += textAfter(values, part)
      values.push(...part.values)
    } else {
      values.push(part)
      text += `$${values.length}`
    }
    text += strings[index + 1] ?? ""
  })
  return fragment(text, values)
}

/** SQL text that comes from our own code or from PostgreSQL's deparser, never from a user. */
export function raw(text: string): Sql {
  return fragment(text.replaceAll("$", "\u0000"), [])
}

/** A statement that a user gave us to execute, as it is. */
export function userText(text: string): Sql {
  return raw(text)
}

/** A quoted, possibly qualified identifier. */
export function ident(...parts: readonly string[]): Sql {
  return raw(parts.map(quoteIdentifier).join("."))
}

export function table(name: TableName): Sql {
  return ident(name.schema, name.name)
}

/** A role as GRANT and REVOKE name it; null for everybody. */
export function role(name: string | null): Sql {
  return name === null ? raw("public") : ident(name)
}

/** A quoted string constant, for DDL, which takes no parameters. */
export function literal(value: string): Sql {
  const quoted = `'${value.replaceAll("'", "''")}'`
  return raw(value.includes("\\") ? ` E${quoted.replaceAll("\\", "\\\\")}` : quoted)
}

/** The same statement, prepared under a name of its own: the session keeps its plan (PostgreSQL manual, PREPARE). */
export function prepared(statement: Sql): Sql {
  return { ...statement, name: `cutover_${createHash("sha256").update(statement.text).digest("hex").slice(0, 32)}` }
}

export function join(parts: readonly Sql[], separator = ", "): Sql {
  const values: unknown[] = []
  const texts = parts.map((part) => {
    const text = textAfter(values, part)
    values.push(...part.values)
    return text
  })
  return fragment(texts.join(raw(separator).text), values)
}

/** The text of a piece that comes after others, which have these values. */
function textAfter(values: readonly unknown[], part: Sql): string {
  return part.text.replace(/\$(\d+)/g, (_, n: string) => `$${Number(n) + values.length}`)
}

/** The text that goes to the server, with a comment that names its sender in `pg_stat_activity`. */
export function statementText(statement: Sql): string {
  return statement.text.replaceAll("\u0000", "$")
}

function fragment(text: string, values: readonly unknown[]): Sql {
  const made: Sql = { text, values }
  fragments.add(made)
  return made
}

function isFragment(part: unknown): part is Sql {
  return typeof part === "object" && part !== null && fragments.has(part as Sql)
}
