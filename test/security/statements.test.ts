import { globSync, readFileSync } from "node:fs"
import { join, sep } from "node:path"
import { describe, expect, it } from "vitest"

const src = join(import.meta.dirname, "../../src")

const files = new Map(
  globSync("**/*.{ts,sql}", { cwd: src }).map((file) => [
    file.split(sep).join("/"),
    readFileSync(join(src, file), "utf8"),
  ]),
)

/**
 * Where text is put into a statement as it is, and whose text that is. All else goes through `ident`, `literal` or as a
 * parameter. A new place belongs here when somebody has looked where its text comes from.
 */
const rawTexts: Readonly<Record<string, readonly [uses: number, whose: string]>> = {
  "postgres/sessionSettings.ts": [1, "ours"],
  "steps/changes/logColumns.ts": [1, "format_type, quote_ident"],
  "steps/autovacuum.ts": [3, "reloptions of a table: numbers and booleans, which PostgreSQL checks; ours"],
  "steps/copy/createPartitionTable.ts": [
    2,
    "reloptions of a table: numbers, booleans and words, which PostgreSQL checks; ours",
  ],
  "steps/partitionTable.ts": [3, "ours"],
  "steps/preflight/sampleKeys.ts": [1, "a number"],
  "steps/preflight/table/checkPrivileges.ts": [1, "ours"],
  "steps/preflight/table/checkWidenedKey.ts": [1, "ours"],
  "steps/preflight/table/keyBounds.ts": [2, "numbers"],
  "steps/prep/defaultPrivileges.ts": [1, "ours"],
  "steps/prep/scaffold.ts": [5, "pg_get_indexdef, pg_get_constraintdef; numbers of pg_sequence"],
  "steps/prep/settings.ts": [6, "numbers; attoptions: numbers, which PostgreSQL checks; pg_get_statisticsobjdef"],
  "steps/relabel/belongings/adoptedKeys.ts": [1, "pg_get_constraintdef"],
  "steps/relabel/keyIndexes.ts": [2, "pg_get_indexdef, with a column that quoteIdentifier quoted"],
  "steps/split/belongings/wholeForeignKeys.ts": [1, "pg_get_constraintdef"],
  "steps/statistics.ts": [1, "ours"],
  "steps/swap/belongings/foreignKeys.ts": [2, "pg_get_constraintdef"],
  "steps/swap/belongings/grants.ts": [3, "privileges as aclexplode names them; ours"],
  "steps/swap/belongings/incomingKeys.ts": [2, "pg_get_constraintdef; an identifier that ident quoted"],
  "steps/swap/belongings/materializedViews.ts": [
    3,
    "pg_get_viewdef, pg_get_indexdef; reloptions of a view: numbers, booleans and words, which PostgreSQL checks",
  ],
  "steps/swap/belongings/policies.ts": [5, "pg_get_expr; ours"],
  "steps/swap/belongings/publications.ts": [2, "pg_get_expr; ours"],
  "steps/swap/belongings/rules.ts": [2, "pg_get_ruledef; ours"],
  "steps/swap/belongings/sqlFunctions.ts": [1, "pg_get_functiondef"],
  "steps/swap/belongings/triggers.ts": [2, "pg_get_triggerdef; ours"],
  "steps/swap/belongings/unvalidatedChecks.ts": [1, "pg_get_constraintdef"],
  "steps/swap/belongings/views.ts": [
    2,
    "pg_get_viewdef; reloptions of a view: booleans and words, which PostgreSQL checks",
  ],
  "store/install.ts": [1, "our schema"],
}

function countOf(text: string, pattern: RegExp): number {
  return [...text.matchAll(pattern)].length
}

describe("statements", () => {
  it("take text as it is only where somebody has looked whose text it is", () => {
    const found = [...files]
      .filter(([file]) => file !== "postgres/sql.ts")
      .map(([file, text]) => [file, countOf(text, /(?<![\w.#])raw\(/g)] as const)
      .filter(([, uses]) => uses > 0)
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(Object.entries(rawTexts).map(([file, [uses]]) => [file, uses])),
    )
  })

  it("that make functions with our rights say where names resolve, and let nobody else call them", () => {
    const makers = [...files].filter(([, text]) => /^\s*security definer$/m.test(text))
    expect(makers.map(([file]) => file).toSorted()).toEqual([
      "steps/changes/captureFunctions.ts",
      "store/schema/001.sql",
    ])
    for (const [file, text] of makers) {
      const definers = countOf(text, /^\s*security definer$/gm)
      expect(countOf(text, /^\s*security definer\n\s*set search_path = pg_catalog, pg_temp$/gm), file).toBe(definers)
      expect(text, file).toMatch(/revoke all on function /)
    }
  })
})
