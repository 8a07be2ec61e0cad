import { inspect } from "node:util"
import { errorCodes } from "../errors/codes.ts"
import { CutoverError, type ErrorDocument } from "../errors/CutoverError.ts"
import type { Output } from "./Output.ts"
import { renderError } from "./render/errorMessage.ts"

export type ReportOptions = { readonly stderr: Output; readonly isJson: boolean; readonly isVerbose: boolean }

/** Writes an error to stderr, as a person or a script wants it, and returns its exit code. */
export function reportError(error: unknown, { stderr, isJson, isVerbose }: ReportOptions): number {
  const document = error instanceof CutoverError ? error.toDocument() : bug(error).toDocument()
  const stack = isVerbose ? inspect(error) : undefined
  if (isJson) writeError({ ...document, details: { ...document.details, ...(stack && { stack }) } }, { stderr, isJson })
  else {
    writeError(document, { stderr, isJson })
    if (stack !== undefined) stderr.write(`\n${stack}`)
  }
  return errorCodes[document.code].exit
}

/** Writes an error's document to stderr; with --json as one line. */
export function writeError(error: ErrorDocument, { stderr, isJson }: Omit<ReportOptions, "isVerbose">): void {
  const width = stderr.isTerminal ? { width: stderr.width } : {}
  stderr.write(isJson ? JSON.stringify({ error }) : renderError(error, { color: stderr.color, ...width }))
}

function bug(error: unknown): CutoverError {
  return new CutoverError("CUTOVER_BUG", {
    message: `Something unexpected happened: ${error instanceof Error ? error.message : inspect(error)}`,
    state: "What was committed is kept; `cutover status` shows where a run stands.",
    hint: "Please report it, with what --verbose shows.",
    cause: error,
  })
}
