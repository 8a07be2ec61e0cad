import type { BenchResult, Heap } from "../BenchResult.ts"
import { sizeFindings } from "../findingsOf.ts"
import { type Table, findingsTable, tablesOf } from "./tablesOf.ts"
import { formatBytes, formatCount, formatRows } from "./units.ts"

/** `docs/benchmarks.md`, whole: what is measured, how to repeat it, what a person made of it, and what each of these benches found. */
export function renderPage(results: readonly BenchResult[], notes = ""): string {
  return [intro, notes, ...results.map(renderResult), ...sizes(results), method(results), caveats].join("\n")
}

const intro = `# Benchmarks

Written by \`npm run bench -- --write-docs\` from \`bench/results/*.json\`. A table of returned goods (256 bytes a row,
24 months, a primary key and three indexes) is partitioned by month, in several ways, on an embedded PostgreSQL with full
durability. What counts are the ratios: everything in a table ran on the same server with the same data, by turns. Each
section says which command made it.

![How long each contender takes; shorter is faster](benchmarks.svg)

Bars are times in proportion to that of the naive insert in the same round, with medians of the times beside them.

    npm run bench                                       all contenders, 2 M rows in order and shuffled: 40 minutes, 6 GB of disk
    npm run bench -- --heap shuffled,unindexed          how the rows lie, and whether an index finds a month
    npm run bench -- --rows 1M,2M,5M,10M                how much there is
    npm run bench -- --parallel 1,2,4 --batch-target 5s how we go about it
    npm run bench -- --major 15                         15, 16 or 17 instead of 18
    npm run bench -- --quick --json                     to try it, in about a minute
    npm run bench -- --write-docs                       this page, too
`

const heapNames: Readonly<Record<Heap, string>> = {
  ordered: "in the order of the date",
  shuffled: "shuffled",
  unindexed: "shuffled, without an index on the date",
}

function renderResult(result: BenchResult): string {
  const { versions, data } = result
  const title = `## PostgreSQL ${versions.major}, ${formatCount(data.rows)} rows, ${heapNames[data.heap]}`
  return [title, "", facts(result), ...tablesOf(result).map(renderTable)].join("\n")
}

function facts({ at, command, commit, machine, versions, data, settings }: BenchResult): string {
  const set = Object.entries(settings).map(([name, value]) => `${name} ${value}`)
  return `- \`${command}\`
- ${at.slice(0, 10)}, commit ${commit}, pg-cutover ${versions.cutover}, Node ${versions.node}, PostgreSQL ${versions.postgres}
- ${machine.cpu}, ${machine.cores} cores, ${formatBytes(machine.memoryBytes)} of memory, ${machine.system}
- ${data.table}: ${formatRows(data.rows)} rows of ${Math.round(data.heapBytes / data.rows)} bytes, ${formatBytes(data.heapBytes)}, with its indexes ${formatBytes(data.totalBytes)}, ${Object.keys(data.months).length} months
- ${set.join(", ")}
`
}

function renderTable({ title, head, rows }: Table): string {
  const lines = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`)
  return [`### ${title}`, "", ...lines, ""].join("\n")
}

/** Nothing where only one size was measured. */
function sizes(results: readonly BenchResult[]): string[] {
  const findings = sizeFindings(results)
  return findings.length === 0 ? [] : ["## More rows", "", renderTable(findingsTable("Targets", findings))]
}

function method([first]: readonly BenchResult[]): string {
  // Those that differ in their number of connections alone say the same.
  const says = new Map((first?.speed?.contenders ?? []).map((one) => [one.name.split(",")[0] ?? one.name, one.says]))
  return `## What is measured

**Speed.** Every run begins with a fresh copy of one database, made file by file, and a CHECKPOINT; the contenders take
turns, and every second round goes in the opposite order. After each run every month is counted and must be what was
loaded, in a partition of its own. WAL is what the server wrote from the begin of the run to its end; the CPU time of
all its processes tells how much work that was, whatever else the machine did. A ratio is the median of the ratios of
each round, for what ran in one round ran within minutes.

${[...says].map(([name, text]) => `- ${name}: ${text}`).join("\n")}

**Our copy and indexes alone** is a part of the same runs: from \`prep.completed\` to \`copy.completed\`. Where months are
copied one by one, each is compared as soon as it stands, while others are still copied; the time that lanes spent on that
is taken off, divided by the number of lanes. What remains has statistics in it (\`ANALYZE\` of each month), jobs,
checkpoints, and replays, which the bare script has not.

**Memory and CPU** are those of the command's process, looked at ten times a second; the kernel keeps the highest
resident size itself (\`VmHWM\`).

**The database waits for us.** In runs of their own, while the run is in its copy step, one statement counts, a hundred
times a second, the partitions and stripes under way (copying, indexing, catching up, being compared) and our sessions at
work: \`active\` in \`pg_stat_activity\`, and waiting neither for their client nor for a lock. A partition under way without
such a session waits for us; the share is that time of all time in which partitions were under way. The looking itself
takes some of the CPU, and is itself looked after late when all cores are busy. What lies between the statements of two
batches of a partition stands beside it, from \`cutover.batches\`: there the database also works, for the checkpoint, the
state of the run, the next job, and the commit. The first batches are meant to be small, so their share of it is large.

**Live writes.** An application begins transactions at a fixed pace (35 % inserts, 55 % updates, 10 % deletes of random
rows), whatever the last one took; each counts from the moment it was due. Beside our run that is from the launch to the
end of the swap. Rows that differ: for the trigger, source and target joined by their keys; for us, the number of rows
against those there were and those the application added, for content was compared by the run.

**Pauses.** Runs with the default batches of a second are paused at random moments, by \`cutover pause\` as a process of
its own and by the same function in a process that is connected already, by turns; each run goes on after each pause,
to its end, and what it made is checked. "Whole" is the caller's time until nothing is under way any more; with the
command it has the start of Node in it, on cores that the run keeps busy. "Once paused" is the part after the run was
paused, by the time of the log's \`run.paused\`. Builds of indexes, comparisons and statistics are cancelled by a pause,
and begun again afterwards; a batch is waited for.
`
}

const caveats = `## What to keep in mind

- The machine was shared with other work: "others" is what they took of all cores. With patience each run waits for a moment
  in which they use less than a tenth, and is repeated, twice at most, when they took more meanwhile; with
  \`--patience 0\` it is not, and only the ratios of turns that were disturbed alike mean anything. Compare within a table,
  not between machines or versions.
- All data fit into memory, and the disk is one virtual one. With tables much larger than memory the sequential reads and
  writes of the copy gain further on random ones into large indexes, and the naive way loses more; that is not measured here.
- The naive insert, the runbook, the trigger and CREATE TABLE AS use one connection and one core, as they do in real life;
  our run and the bare script use as many as their names say.
- Only the sections on live writes have writers beside them. Elsewhere capture is on, and has nothing to do.
`
