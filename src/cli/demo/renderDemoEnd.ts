import { legacyName } from "../../domain/derivedNames.ts"
import { formatDuration } from "../../domain/duration.ts"
import type { Count, Status } from "../../domain/status.ts"
import { readOne } from "../../postgres/Queryable.ts"
import { sql, table } from "../../postgres/sql.ts"
import type { Services } from "../../runtime/Services.ts"
import type { Run } from "../../store/runs.ts"
import { commandLine, listed } from "../commandLine.ts"
import type { Context } from "../context.ts"
import { elapsedMs, formatMoment } from "../render/moments.ts"
import { formatExactCount } from "../render/numbers.ts"
import { type Theme, themeOf } from "../render/theme.ts"

/** Rows in the table as it was, and in the one that has its name now; both counted. */
export type DemoCounts = { readonly before: Count; readonly after: Count }

export async function countRows({ database }: Services, { table: name }: Run): Promise<DemoCounts> {
  return await readOne<DemoCounts>(
    database,
    sql`
      select (select count(*) from ${table(legacyName(name))}) as before,
             (select count(*) from ${table(name)}) as after`,
  )
}

/** Where the demo's database is: its address, and the directory if it is not the usual one. */
export type DemoPlace = { readonly url: string; readonly directory: string | undefined }

export type DemoEnd = { readonly status: Status; readonly counts: DemoCounts; readonly place: DemoPlace }

/** What the demo did, what to type next, how to look inside, and how to get rid of it. */
export function renderDemoEnd(context: Context, end: DemoEnd): string {
  const theme = themeOf(context.stdout.color)
  return [
    section(theme, `${end.status.run.table} is partitioned`, listed(doneRows(end))),
    section(theme, "What to type next", listed(nextRows(context, end))),
    section(theme, "How to look inside", listed(insideRows(end))),
    section(theme, "The server keeps running", listed(serverRows(context, end))),
  ].join("\n\n")
}

type Rows = readonly (readonly [what: string, how: string])[]

function section(theme: Theme, title: string, rows: string): string {
  return `${theme.title(title)}\n${rows}`
}

function doneRows({ status: { run, totals, attach, partitions }, counts }: DemoEnd): Rows {
  const filled = partitions.filter(({ rowsCopied }) => Number(rowsCopied) > 0).length
  const took = formatDuration(elapsedMs(run.launchedAt, attach.swappedAt ?? run.updatedAt))
  return [
    ["by", `${run.by}, a partition per ${run.interval}`],
    ["partitions", `${totals.partitions}, of which ${filled} hold rows and the others wait for theirs`],
    ["rows", `${formatExactCount(counts.before)} before, ${formatExactCount(counts.after)} after, compared by hash`],
    ["time", `${took} from launch to swap`],
    ["lock held", attach.lockHeldMs === null ? "not measured" : formatDuration(Math.max(1, attach.lockHeldMs))],
    ["as it was", `${attach.legacyTable}, kept until ${formatMoment(attach.fallbackUntil ?? run.updatedAt)}`],
  ]
}

function nextRows(context: Context, { status: { run } }: DemoEnd): Rows {
  const call = (...words: string[]): string => commandLine(context, ...words)
  return [
    ["every month", call("status", run.table)],
    ["the log", call("log", run.table)],
    ["drop the old", call("cleanup", run.table, "--confirm", run.table, "--before-window", "--reason", "demo")],
  ]
}

function insideRows({ place: { url } }: DemoEnd): Rows {
  return [
    ["psql", `psql '${url}'`],
    ["others", `export DATABASE_URL='${url}'`],
  ]
}

function serverRows(context: Context, { place }: DemoEnd): Rows {
  const directory = place.directory === undefined ? [] : ["--directory", place.directory]
  return [
    ["stop", commandLine(context, "demo", "--stop", ...directory)],
    ["remove", commandLine(context, "demo", "--remove", ...directory)],
  ]
}
