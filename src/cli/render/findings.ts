import type { Diagnosis } from "../../runtime/commands/doctor.ts"
import type { Finding } from "../../steps/preflight/Check.ts"
import { wrapSentence } from "./text.ts"
import { type Theme, themeOf } from "./theme.ts"

type Look = { readonly theme: Theme; readonly width: number }

const order = { block: 0, warn: 1, ok: 2 } as const

/** What is in the way first, then what is worth knowing, then what is fine; and before them the sum of it. */
export function renderFindings(findings: readonly Finding[], look: Look): string[] {
  const blocks = findings.filter((one) => one.level === "block").length
  const sum =
    blocks === 0
      ? look.theme.good("Nothing is in the way.")
      : look.theme.bad(blocks === 1 ? "One thing is in the way." : `${blocks} things are in the way.`)
  return [
    sum,
    ...findings.toSorted((a, b) => order[a.level] - order[b.level]).flatMap((one) => findingLines(one, look)),
  ]
}

export function renderDiagnosis(
  { server, table, findings }: Diagnosis,
  { color, width = 100 }: { color: boolean; width?: number },
): string {
  const theme = themeOf(color)
  const title = `PostgreSQL ${server.version}, database ${server.database}, as ${server.role}${table === null ? "" : `, for ${table}`}`
  return [theme.title(title), "", ...renderFindings(findings, { theme, width })].join("\n")
}

function findingLines({ level, code, message, hint }: Finding, { theme, width }: Look): string[] {
  const style = { ok: theme.good, warn: theme.warning, block: theme.bad }[level]
  const [first = "", ...others] = indented(message, 6, width)
  return [
    `${style(level.padEnd(5))} ${first.trimStart()}`,
    ...others,
    ...(level === "ok" ? [] : [...indented(hint, 6, width), `      ${code}`].map(theme.quiet)),
  ]
}

export function indented(text: string, by: number, width: number): string[] {
  return wrapSentence(text, width - by).map((line) => `${" ".repeat(by)}${line}`)
}
