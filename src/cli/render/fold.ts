export type Foldable = {
  /** Lines on the screen. */
  readonly height: number
  /** Stays in sight as long as there is room for anything. */
  readonly isNotable: boolean
}

/** An item that is shown, or a stretch of items that are not: `from` inclusive, `to` exclusive. */
export type Folded = { readonly shown: number } | { readonly from: number; readonly to: number }

/**
 * Chooses which items of a long list are shown so that they, and one line for each stretch left out, fit into `height`
 * lines: the notable ones and what is nearest to them, or nearest to `focus` where none is notable.
 */
export function fold(items: readonly Foldable[], height: number, focus: number): Folded[] {
  const everything = new Set(items.keys())
  if (heightOf(items, everything) <= height) return layOut(items, everything)
  const shown = new Set<number>()
  for (const at of byNearness(items, focus).slice(0, 2 * Math.max(0, height))) {
    shown.add(at)
    if (heightOf(items, shown) > height) shown.delete(at)
  }
  return layOut(items, shown)
}

function byNearness(items: readonly Foldable[], focus: number): number[] {
  const notable = [...items.keys()].filter((at) => items[at]?.isNotable)
  const centers = notable.length > 0 ? notable : [focus]
  const distance = [...items.keys()].map((at) => Math.min(...centers.map((center) => Math.abs(center - at))))
  return [...items.keys()].toSorted((a, b) => (distance[a] ?? 0) - (distance[b] ?? 0) || a - b)
}

function heightOf(items: readonly Foldable[], shown: ReadonlySet<number>): number {
  return layOut(items, shown).reduce((sum, part) => sum + ("shown" in part ? (items[part.shown]?.height ?? 0) : 1), 0)
}

function layOut(items: readonly Foldable[], shown: ReadonlySet<number>): Folded[] {
  const parts: Folded[] = []
  for (const at of items.keys()) {
    const last = parts.at(-1)
    if (shown.has(at)) parts.push({ shown: at })
    else if (last !== undefined && "from" in last) parts[parts.length - 1] = { from: last.from, to: at + 1 }
    else parts.push({ from: at, to: at + 1 })
  }
  return parts
}
