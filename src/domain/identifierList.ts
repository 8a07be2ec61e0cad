import { inspect } from "node:util"
import { CutoverError, nothingChanged } from "../errors/CutoverError.ts"
import { maxIdentifierBytes } from "./identifier.ts"

/**
 * Reads names separated by `.` or `,` the way PostgreSQL reads them: unquoted ones fold ASCII letters to lower case,
 * quoted ones stay as they are, spaces around names do not count. Refuses with `CUTOVER_USAGE`, also where PostgreSQL
 * would silently cut a name of more than 63 bytes
 * (https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS).
 */
export function parseIdentifierList(text: string, separator: "." | ","): string[] {
  if (text.includes("\0")) throw refusal(text, "it contains a NUL byte")
  const names: string[] = []
  let at = 0
  for (;;) {
    const [length, name] = readName(text, at)
    names.push(name)
    at += length
    if (at === text.length) return names
    if (text[at] !== separator) throw refusal(text, `${inspect(text.slice(at))} was not expected at position ${at + 1}`)
    at += 1
  }
}

const space = "[ \\t\\n\\v\\f\\r]*"
const quotedOrPlain = new RegExp(`${space}(?:"(?<quoted>(?:[^"]|"")*)"(?!")|(?<plain>[^".,\\s]+)|)${space}`, "y")

function readName(text: string, at: number): [length: number, name: string] {
  quotedOrPlain.lastIndex = at
  const match = quotedOrPlain.exec(text)
  const { quoted, plain } = match?.groups ?? {}
  const name = quoted === undefined ? foldCase(plain ?? "") : quoted.replaceAll('""', '"')
  const length = match?.[0].length ?? 0
  if (name === "") throw refusal(text, text[at + length] === '"' ? "a quote is not closed" : "a name in it is empty")
  const bytes = Buffer.byteLength(name)
  if (bytes > maxIdentifierBytes) {
    throw refusal(text, `a name in it has ${bytes} bytes and PostgreSQL keeps ${maxIdentifierBytes}`)
  }
  return [length, name]
}

function foldCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}

function refusal(text: string, reason: string): CutoverError {
  return new CutoverError("CUTOVER_USAGE", {
    message: `${inspect(text)} cannot be read as a name: ${reason}.`,
    state: nothingChanged,
    hint: 'Write names as in SQL, and put those with unusual characters into double quotes: sales."Mixed Case".',
  })
}
