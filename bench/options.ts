import { tmpdir } from "node:os"
import { parseArgs } from "node:util"
import { type Major, majors } from "../src/embedded/binaries.ts"
import { type Heap, heaps } from "./BenchResult.ts"
import { type ContenderKind, contenderKinds } from "./contenders/Contender.ts"

export const measureNames = ["speed", "waiting", "live", "pauses"] as const
export type MeasureName = (typeof measureNames)[number]

/** The default of `cutover launch`. */
export const usualBatchTarget = "1s"

export type BenchOptions = {
  readonly major: Major
  readonly heaps: readonly Heap[]
  readonly rows: readonly number[]
  readonly parallel: readonly number[]
  readonly batchTarget: string
  readonly contenders: readonly ContenderKind[]
  readonly runs: number
  readonly pauses: number
  readonly idleMs: number
  readonly patienceMs: number
  readonly only: readonly MeasureName[]
  /** Where the server's directory is made. */
  readonly directory: string
  readonly seed: string | undefined
  readonly writesDocs: boolean
  readonly printsJson: boolean
}

export const usage = `npm run bench -- [options]

  --heap <list>         Of ${heaps.join(", ")}. Default: ordered,shuffled.
  --rows <list>         How many rows, with units: 500k, 1M. Default: 2M.
  --parallel <list>     Connections of the contenders that have several. Default: 2.
  --batch-target <time> How long a batch of ours should take. Default: ${usualBatchTarget}.
  --contenders <list>   Of ${contenderKinds.join(", ")}. Default: all.
  --major ${majors.join("|")}   PostgreSQL's major version. Default: 18.
  --only <list>         Of ${measureNames.join(", ")}. Default: all.
  --runs <count>        How often each contender runs, interleaved. Default: 3.
  --pauses <count>      How many pauses of each kind. Default: 20.
  --patience <seconds>  How long to wait for a moment in which nobody else works; 0 neither waits nor repeats. Default: 120.
  --quick               20,000 rows, one run, one pause, no patience: to try it, in about a minute.
  --directory <path>    Where the server's files go: five times the table. Default: the temporary directory.
  --seed <number>       Repeats the random moments of another bench.
  --write-docs          Keeps the results in bench/results, and writes docs/benchmarks.md and its chart from all that are kept.
  --json                Prints the results as JSON instead of tables.
  --help                This.
`

const definitions = {
  heap: { type: "string" },
  rows: { type: "string" },
  parallel: { type: "string" },
  "batch-target": { type: "string", default: usualBatchTarget },
  contenders: { type: "string" },
  major: { type: "string", default: "18" },
  only: { type: "string" },
  runs: { type: "string" },
  pauses: { type: "string" },
  patience: { type: "string" },
  quick: { type: "boolean", default: false },
  directory: { type: "string", default: tmpdir() },
  seed: { type: "string" },
  "write-docs": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const

/** Reads the command line; undefined when help was asked for. Throws a TypeError with one sentence for the user. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({ args: [...args], options: definitions })
  if (values.help) return undefined
  const { quick } = values
  return {
    major: oneOf("major", majors)(values.major),
    heaps: list(values.heap, ["ordered", "shuffled"], oneOf("heap", heaps)),
    rows: list(values.rows, [quick ? 20_000 : 2_000_000], toRows),
    parallel: list(values.parallel, [2], (text) => toCount("parallel", text)),
    batchTarget: values["batch-target"],
    contenders: list(values.contenders, contenderKinds, oneOf("contenders", contenderKinds)),
    runs: values.runs === undefined ? (quick ? 1 : 3) : toCount("runs", values.runs),
    pauses: values.pauses === undefined ? (quick ? 1 : 20) : toCount("pauses", values.pauses),
    idleMs: quick ? 1_000 : 10_000,
    patienceMs: values.patience === undefined ? (quick ? 0 : 120_000) : toSeconds(values.patience) * 1_000,
    only: list(values.only, measureNames, oneOf("only", measureNames)),
    directory: values.directory,
    seed: values.seed,
    writesDocs: values["write-docs"],
    printsJson: values.json,
  }
}

function list<T>(text: string | undefined, otherwise: readonly T[], parse: (text: string) => T): readonly T[] {
  return text === undefined ? otherwise : text.split(",").map(parse)
}

function oneOf<T extends string | number>(name: string, allowed: readonly T[]): (text: string) => T {
  return (text) => {
    const found = allowed.find((one) => String(one) === text)
    if (found === undefined) throw new TypeError(`--${name} takes ${allowed.join(", ")}, not ${text}.`)
    return found
  }
}

const units: Readonly<Record<string, number>> = { "": 1, k: 1_000, M: 1_000_000 }

/** At least a thousand, so that no month is empty. */
function toRows(text: string): number {
  const [, number = "", unit = ""] = /^([1-9]\d{0,8})(k|M|)$/.exec(text) ?? []
  const rows = Number(number) * (units[unit] ?? 1)
  if (rows >= 1_000) return rows
  throw new TypeError(`--rows takes numbers from 1k, such as 500k or 2M, not ${text}.`)
}

function toCount(name: string, text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new TypeError(`--${name} takes a count from 1 to 9999, not ${text}.`)
}

function toSeconds(text: string): number {
  return text === "0" ? 0 : toCount("patience", text)
}
