/** One contender's value, and those of the base right before and right after it. */
export type Sandwich<Contender, Value> = {
  readonly contender: Contender
  readonly value: Value
  readonly base: readonly [before: Value, after: Value]
}

/**
 * Runs the contenders in random order, each between two runs of the base: a shared machine is now fast, now slow, for
 * seconds, and what is compared must have happened at the same time. `run` gets undefined for the base.
 */
export async function runBetween<Contender, Value>(
  contenders: readonly Contender[],
  random: () => number,
  run: (contender: Contender | undefined) => Promise<Value>,
): Promise<Sandwich<Contender, Value>[]> {
  const found: Sandwich<Contender, Value>[] = []
  let before = await run(undefined)
  for (const contender of shuffled(contenders, random)) {
    const value = await run(contender)
    const after = await run(undefined)
    found.push({ contender, value, base: [before, after] })
    before = after
  }
  return found
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
