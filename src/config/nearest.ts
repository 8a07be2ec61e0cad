/** The candidate that takes the fewest single-letter edits to become the text; capitals, `-` and `_` do not count. */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  const wanted = plain(text)
  return candidates.toSorted((a, b) => edits(wanted, plain(a)) - edits(wanted, plain(b)))[0]
}

function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[-_]/g, "")
}

/** Levenshtein's distance, row by row. */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const letter of from) {
    const next = [(row[0] ?? 0) + 1]
    for (let at = 0; at < to.length; at++) {
      const replaced = (row[at] ?? 0) + (letter === to[at] ? 0 : 1)
      next.push(Math.min(replaced, (row[at + 1] ?? 0) + 1, (next[at] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
