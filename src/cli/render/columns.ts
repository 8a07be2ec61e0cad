import { padLeft, padRight, widthOf } from "./text.ts"

export type Column = { readonly align: "left" | "right"; readonly minWidth?: number }

/** Pads the cells of each column to one width; a column that is empty in all rows has none. */
export function alignColumns(rows: readonly (readonly string[])[], columns: readonly Column[]): string[][] {
  const widths = columns.map(({ minWidth = 0 }, at) => {
    const widest = Math.max(0, ...rows.map((row) => widthOf(row[at] ?? "")))
    return widest === 0 ? 0 : Math.max(minWidth, widest)
  })
  return rows.map((row) =>
    columns.map(({ align }, at) => (align === "left" ? padRight : padLeft)(row[at] ?? "", widths[at] ?? 0)),
  )
}
