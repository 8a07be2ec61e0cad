/** The circles of a graph of imports, each ending with the file it began with; at least one of every knot. */
export function findCircles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const done = new Set<string>()
  const path: string[] = []
  const circles: string[][] = []

  function visit(file: string): void {
    const seenAt = path.indexOf(file)
    if (seenAt >= 0) circles.push([...path.slice(seenAt), file])
    if (seenAt >= 0 || done.has(file)) return
    path.push(file)
    for (const imported of graph.get(file) ?? []) visit(imported)
    path.pop()
    done.add(file)
  }

  for (const file of [...graph.keys()].toSorted()) visit(file)
  return circles
}
