import { tmpdir } from "node:os"
import { parseArgs } from "node:util"
import type { Major } from "../src/embedded/binaries.ts"

export const measureNames = ["speed", "waiting", "pauses"] as const
export type MeasureName = (typeof measureNames)[number]

export type BenchOptions = {
  readonly major: Major
  readonly runs: number
  readonly pauses: number
  /** Rows of the flights at most, the earliest ones; undefined for all. */
  readonly rows: number | undefined
  readonly only: readonly MeasureName[]
  /** Where the server's directory is made. */
  readonly directory: string
  readonly seed: string | undefined
  readonly writesDocs: boolean
  /** Whether everything is measured in full, so that the result may be kept. */
  readonly isWhole: boolean
}

export const usage = `npm run bench -- [options]

  --major 15|16|17|18   PostgreSQL's major version. Default: 18.
  --runs <count>        How often each contender runs, interleaved. Default: 3.
  --pauses <count>      How many pauses of each kind. Default: 20.
  --only <list>         Of ${measureNames.join(", ")}. Default: all.
  --quick               The first million rows, one run, five pauses: to try it.
  --directory <path>    Where the server's files go, 4 GB. Default: the temporary directory.
  --seed <number>       Repeats the random moments of another bench.
  --write-docs          Writes docs/benchmarks.md too.
  --help                This.

A whole bench is kept in bench/results/<major>.json; one with --quick, --only, or fewer runs or pauses is printed only.
`

/** Reads the command line; undefined when help was asked for. Throws a TypeError with one sentence for the user. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      major: { type: "string", default: "18" },
      runs: { type: "string" },
      pauses: { type: "string" },
      only: { type: "string" },
      quick: { type: "boolean", default: false },
      directory: { type: "string", default: tmpdir() },
      seed: { type: "string" },
      "write-docs": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  })
  if (values.help) return undefined
  const only = values.only === undefined ? measureNames : values.only.split(",").map(toMeasureName)
  const runs = toCount("runs", values.runs, values.quick ? 1 : 3)
  const pauses = toCount("pauses", values.pauses, values.quick ? 5 : 20)
  return {
    major: toMajor(values.major),
    runs,
    pauses,
    rows: values.quick ? 1_000_000 : undefined,
    only,
    directory: values.directory,
    seed: values.seed,
    writesDocs: values["write-docs"],
    isWhole: !values.quick && values.only === undefined && runs >= 3 && pauses >= 20,
  }
}

function toMajor(text: string): Major {
  const major = Number(text)
  if (major === 15 || major === 16 || major === 17 || major === 18) return major
  throw new TypeError(`--major is 15, 16, 17 or 18, not ${text}.`)
}

function toMeasureName(text: string): MeasureName {
  const found = measureNames.find((name) => name === text)
  if (found !== undefined) return found
  throw new TypeError(`--only takes ${measureNames.join(", ")}, not ${text}.`)
}

function toCount(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new TypeError(`--${name} is a count from 1 to 9999, not ${text}.`)
}
