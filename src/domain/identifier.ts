import { createHash } from "node:crypto"
import { inspect } from "node:util"
import { CutoverError, nothingChanged } from "../errors/CutoverError.ts"

/** PostgreSQL silently cuts longer names (NAMEDATALEN - 1), so that two of them can become one. */
export const maxIdentifierBytes = 63

/**
 * The name in double quotes, safe in any SQL: the one quoting function of the project. Refuses with `CUTOVER_USAGE`
 * what cannot be a name: nothing, a NUL byte, more than 63 bytes.
 */
export function quoteIdentifier(name: string): string {
  if (name === "") throw refusal(name, "it is empty")
  if (name.includes("\0")) throw refusal(name, "it contains a NUL byte")
  const bytes = Buffer.byteLength(name)
  if (bytes > maxIdentifierBytes) {
    throw refusal(name, `it has ${bytes} bytes and PostgreSQL keeps ${maxIdentifierBytes}`)
  }
  return `"${name.replaceAll('"', '""')}"`
}

/**
 * `base + suffix` where that fits into `maxBytes` (63 by default); else a beginning of the base, `_`, ten hex digits of the whole base's
 * SHA-256, and the suffix. The same input always gives the same name, and different bases give different names.
 */
export function shortenIdentifier(base: string, suffix: string, maxBytes = maxIdentifierBytes): string {
  const whole = base + suffix
  if (Buffer.byteLength(whole) <= maxBytes) return whole
  const tail = `_${createHash("sha256").update(base).digest("hex").slice(0, 10)}${suffix}`
  const room = maxBytes - Buffer.byteLength(tail)
  if (room < 0) throw new RangeError(`the suffix ${inspect(suffix)} leaves no room for a name`)
  return beginning(base, room) + tail
}

function beginning(text: string, maxBytes: number): string {
  let kept = ""
  let bytes = 0
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > maxBytes) break
    kept += character
  }
  return kept
}

function refusal(name: string, reason: string): CutoverError {
  return new CutoverError("CUTOVER_USAGE", {
    message: `${inspect(name)} cannot be a name in PostgreSQL: ${reason}.`,
    state: nothingChanged,
    hint: "Use the name that the database shows for it.",
  })
}
