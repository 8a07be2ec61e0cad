import type { BenchResult } from "../BenchResult.ts"
import { type Table, tablesOf } from "./tablesOf.ts"
import { formatBytes, formatRows } from "./units.ts"

/** `docs/benchmarks.md`, whole: what is measured, how to repeat it, and what each of these benches found. */
export function renderPage(results: readonly BenchResult[]): string {
  return [intro, ...results.map(renderResult), method(results), caveats].join("\n")
}

const intro = `# Benchmarks

Written by \`npm run bench -- --write-docs\` from \`bench/results/*.json\`. Three million real flights (\`flights-3m.parquet\` of
\`vega-datasets\`: January to June 2001, and six of July) with a primary key and three indexes are partitioned by month,
on an embedded PostgreSQL with full durability. What counts are the ratios: everything in a table ran on the same
server, by turns.

    npm run bench                          PostgreSQL 18: about ten minutes, 4 GB of disk
    npm run bench -- --major 15            15, 16 or 17 instead
    npm run bench -- --quick               a million rows, one run: to try it; nothing is kept
    npm run bench -- --write-docs          this page, too
`

function renderResult(result: BenchResult): string {
  return [`## PostgreSQL ${result.versions.major}`, "", facts(result), ...tablesOf(result).map(renderTable)].join("\n")
}

function facts({ at, commit, machine, versions, data, settings }: BenchResult): string {
  const set = Object.entries(settings).map(([name, value]) => `${name} ${value}`)
  return `- ${at.slice(0, 10)}, commit ${commit}, pg-cutover ${versions.cutover}, Node ${versions.node}, PostgreSQL ${versions.postgres}
- ${machine.cpu}, ${machine.cores} cores, ${formatBytes(machine.memoryBytes)} of memory, ${machine.system}
- ${data.table}: ${formatRows(data.rows)} rows, ${formatBytes(data.heapBytes)}, with its indexes ${formatBytes(data.totalBytes)}, ${Object.keys(data.months).length} months
- ${set.join(", ")}
`
}

function renderTable({ title, head, rows }: Table): string {
  const lines = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`)
  return [`### ${title}`, "", ...lines, ""].join("\n")
}

function method([first]: readonly BenchResult[]): string {
  const contenders = (first?.speed?.contenders ?? []).map((one) => `- ${one.name}: ${one.says}`)
  return `## What is measured

**Speed.** Every run begins with a fresh copy of one database, made file by file, and a CHECKPOINT; the contenders take
turns, and every second round goes in the opposite order. After each run every month is counted and must be what was
loaded, in a partition of its own. WAL is what the server wrote from the begin of the run to its end; the CPU time of
all its processes tells how much work that was, whatever else the machine did.

${contenders.join("\n")}

**Memory and CPU** are those of the command's process, looked at ten times a second; the kernel keeps the highest
resident size itself (\`VmHWM\`). Its CPU time contains the start of Node.

**The database waits for us.** In runs of their own, while the run is in its copy step, one statement counts, a hundred
times a second, the partitions under way (copying, indexing, catching up, being compared) and our sessions at work:
\`active\` in \`pg_stat_activity\`, and waiting neither for their client nor for a lock. A partition under way without such
a session waits for us; the share is that time of all time in which partitions were under way. The looking itself takes
some of the CPU, and is itself looked after late when both cores are busy. What lies between the statements of two
batches of a partition stands beside it, from \`cutover.batches\`: there the database also works, for the checkpoint, the
state of the run, the next job, and the commit. The first batches are meant to be small, so their share of it is large.

**Pauses.** Runs with the default batches of a second are paused at random moments, by \`cutover pause\` as a process of
its own and by the same function in a process that is connected already, by turns; each run goes on after each pause,
to its end, and what it made is checked. "Whole" is the caller's time until nothing is under way any more; with the
command it has the start of Node in it, on cores that the run keeps busy. "Once paused" is the part after the run was
paused, by the time of the log's \`run.paused\`. Builds of indexes, comparisons and statistics are cancelled by a pause,
and begun again afterwards; a batch is waited for.
`
}

const caveats = `## What to keep in mind

- The machine was shared with other work. Each run waits, two minutes at most, for a moment in which others use less than
  a tenth of it, and is repeated, twice at most, when they took more than that meanwhile; what was disturbed least counts.
  "Others" is what they took of all cores. Compare within a table, not between machines or versions.
- All data fit into memory, and the disk is one virtual one. With tables much larger than memory the sequential reads and
  writes of the copy gain further on random ones into large indexes, and the naive way loses more; that is not measured here.
- The heap is in the order of the date. A shuffled one is another story, and not measured yet.
- The naive insert uses one connection and one core, as a single statement does; the run uses two (\`--parallel 2\`).
- Nobody writes meanwhile (\`--writes block\`).
`
