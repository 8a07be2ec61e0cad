import type { BenchResult } from "../BenchResult.ts"
import { type Table, tablesOf } from "./tablesOf.ts"

/** What a bench found, as text for a terminal. */
export function renderText(result: BenchResult): string {
  return tablesOf(result).map(renderTable).join("\n")
}

function renderTable({ title, head, rows }: Table): string {
  const lines = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll("`", "")))
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  const rendered = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  )
  return `${[title, ...rendered].map((line, index) => (index === 0 ? line : `  ${line}`)).join("\n")}\n`
}
