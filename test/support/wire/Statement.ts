import { createHash } from "node:crypto"

/** One thing that a client asked of a server and waited for: a query, or the connection itself (its text is `connect`). */
export type Statement = {
  /** From 1, over all connections of a proxy, in the order in which they came. */
  readonly n: number
  readonly connection: number
  readonly application: string
  readonly text: string
  readonly values: readonly (string | null)[]
  readonly kind: string
  /** The how-manieth of its kind, from 1. */
  readonly occurrence: number
  /** What its transaction asked before it, its BEGIN first; empty outside of one. */
  readonly before: readonly Statement[]
}

/** Statements that differ only in names of runs and months, numbers and values are of one kind; it is named by five digits. */
export function kindOf(text: string): string {
  return createHash("sha256").update(shapeOf(text)).digest("hex").slice(0, 5)
}

/** A statement's text on one line, without what differs from run to run. */
export function shapeOf(text: string): string {
  return text
    .replaceAll(/[0-7][0-9A-HJKMNP-TV-Z]{25}/gi, "<id>")
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "<id>")
    .replaceAll(/\$\d+/g, "$")
    .replaceAll(/\d+/g, "#")
    .replaceAll(/\s+/g, " ")
    .trim()
}
