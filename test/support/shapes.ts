import { readFile, readdir } from "node:fs/promises"
import { join } from "node:path"
import pg from "pg"
import type { RunOptionsInput } from "../../src/config/runOptions.ts"
import { dumpCatalog } from "./catalogDump.ts"
import type { TestDatabase } from "./database.ts"

/** A table as one meets it in the wild: `test/tables/<name>/` has its `setup.sql`, and `shape.json` for the rest. */
export type Shape = {
  readonly name: string
  /** What is odd about it, in a sentence. */
  readonly says: string
  readonly table: string
  readonly by: string
  readonly options: RunOptionsInput
  /** The code of the refusal, where it is refused. */
  readonly refused: string | null
  /** The code with which a rollback is refused; null where there is a way back. */
  readonly back: string | null
  /** The oldest major version that has what it needs. */
  readonly since: number
  readonly setup: string
  /** What a writer does again and again, each time in a transaction; `$1` is a number that counts. */
  readonly write: string | null
  /** Lines of the catalog's dump that a run is known to change, as regular expressions; each says why in `says`. */
  readonly changes: readonly string[]
}

const folder = join(import.meta.dirname, "..", "tables")

export async function readShapes(): Promise<Shape[]> {
  const names = (await readdir(folder, { withFileTypes: true }))
    .filter((one) => one.isDirectory())
    .map((one) => one.name)
  return await Promise.all(names.toSorted().map(readShape))
}

async function readShape(name: string): Promise<Shape> {
  const facts = JSON.parse(await readFile(join(folder, name, "shape.json"), "utf8")) as Partial<Shape> & {
    says: string
  }
  const [setup = "", write = null] = (await readFile(join(folder, name, "setup.sql"), "utf8")).split(/^-- write\n/m)
  return {
    table: "t",
    by: "d",
    options: {},
    refused: null,
    back: null,
    since: 15,
    changes: [],
    ...facts,
    name,
    setup,
    write,
  }
}

/** The catalog but for the partitioning: the primary key has one column more, the key is not null, and publications publish the whole. */
export async function dumpOf(database: TestDatabase, shape: Shape): Promise<string[]> {
  const key = `"?${shape.by.replaceAll('"', '""').replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}"?`
  const known = shape.changes.map((change) => new RegExp(change))
  return (await dumpCatalog(database))
    .filter((line) => !known.some((one) => one.test(line)))
    .map((line) =>
      line
        .replace(new RegExp(`(PRIMARY KEY \\([^)]*), ${key}\\)`), "$1)")
        .replace(new RegExp(`^(index CREATE UNIQUE INDEX .* \\([^)]*), ${key}\\)`), "$1)")
        .replace(/( via root )[tf]( of )/, "$1?$2")
        .replace(new RegExp(`^(column [^ ]*\\.${key} .* notnull )[tf]`), "$1?"),
    )
    .toSorted()
}

/** What was the primary key stays unique within the history, by an index that the dump of partitions' relatives shows. */
export function withoutKeptKey(dump: readonly string[]): string[] {
  return dump.filter(
    (line) => !/^index CREATE UNIQUE INDEX .*_history_unique"? ON .*_history"? USING btree /.test(line),
  )
}

/** The options of a shape's run, with small batches, and captured writes where it says nothing else. */
export const optionsOf = (shape: Shape): RunOptionsInput =>
  ({ writes: "capture", batchTargetMs: 20, monthsAhead: 1, monthsBack: 0, ...shape.options }) as const

/** Writes while a run lives; each statement that fails is remembered. */
export function startShapeWriter(database: TestDatabase, shape: Shape): { stop(): Promise<readonly string[]> } {
  const stopping = new AbortController()
  const errors: string[] = []
  const write = async (): Promise<void> => {
    if (shape.write === null) return
    const client = new pg.Client({ connectionString: database.url, application_name: "shape writer" })
    await client.connect()
    for (let n = 1; !stopping.signal.aborted; n++) {
      const text = shape.write.replaceAll("$1", String(n))
      await client.query(`begin; ${text}; commit`).catch(async (error: unknown) => {
        errors.push(String(error))
        await client.query("rollback")
      })
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await client.end()
  }
  const writing = write()
  return {
    stop: async () => {
      stopping.abort()
      await writing
      return errors
    },
  }
}
