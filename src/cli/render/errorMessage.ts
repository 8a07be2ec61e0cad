import type { ErrorDocument } from "../../errors/CutoverError.ts"
import { wrapSentence } from "./text.ts"
import { themeOf } from "./theme.ts"

export type ErrorOptions = {
  readonly color: boolean
  /** Columns to wrap at. Default: no limit. */
  readonly width?: number
}

const labelWidth = 6

/** An error for a person: what stopped, the state of the data, what to do next, and the code to look up. */
export function renderError(error: ErrorDocument, { color, width = Infinity }: ErrorOptions): string {
  const theme = themeOf(color)
  const labelled = (label: string, text: string) =>
    linesOf(text, width - labelWidth - 2).map(
      (line, at) => `  ${theme.quiet((at === 0 ? label : "").padEnd(labelWidth))}${line}`,
    )
  return [
    ...linesOf(error.message, width - 2).map((line, at) => `${at === 0 ? theme.bad("✗") : " "} ${theme.title(line)}`),
    ...labelled("data", error.state),
    ...labelled("next", error.hint),
    ...labelled("code", error.code),
  ].join("\n")
}

/** Keeps the lines that a text has: a hint may list commands. */
function linesOf(text: string, width: number): string[] {
  return text.split("\n").flatMap((line) => wrapSentence(line, width))
}
