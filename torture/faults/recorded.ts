import { readFile, writeFile } from "node:fs/promises"
import type { Statement } from "../../test/support/wire/Statement.ts"

/**
 * How many statements within transactions a whole run of the small table has at least: crash points may not get fewer by
 * accident. What is asked outside of them is asked with the clock; a slow machine adds to both.
 */
export type Recorded = { readonly statements: number; readonly kinds: number }

const file = new URL("../recorded.json", import.meta.url)

/** Runs differ by a few questions with their timing; a twentieth is no longer that. */
const tolerated = 0.95

/** Says what has got fewer than is recorded. Where that is meant, `npm run torture -- --record` records it anew. */
export async function assertNotFewer(statements: readonly Statement[]): Promise<string[]> {
  const recorded = JSON.parse(await readFile(file, "utf8")) as Recorded
  const found = countOf(statements)
  return (["statements", "kinds"] as const)
    .filter((what) => found[what] < recorded[what] * tolerated)
    .map((what) => `a run has ${found[what]} ${what}, and ${recorded[what]} are recorded: crash points were lost`)
}

export async function saveRecorded(statements: readonly Statement[]): Promise<Recorded> {
  const found = countOf(statements)
  await writeFile(file, `${JSON.stringify(found, null, 2)}\n`)
  return found
}

function countOf(statements: readonly Statement[]): Recorded {
  const within = statements.filter((one) => one.before.length > 0)
  return { statements: within.length, kinds: new Set(within.map((one) => one.kind)).size }
}
