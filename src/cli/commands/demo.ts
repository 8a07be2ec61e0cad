import { resolve } from "node:path"
import { type Command, Option } from "commander"
import { resolveConnection } from "../../config/connection.ts"
import { runOptionsSchema } from "../../config/runOptions.ts"
import { renderTableName } from "../../domain/tableName.ts"
import { type Cluster, findCluster, openCluster } from "../../embedded/cluster.ts"
import { CutoverError, nothingChanged } from "../../errors/CutoverError.ts"
import { exitCodes } from "../../errors/codes.ts"
import type { Services } from "../../runtime/Services.ts"
import { launch } from "../../runtime/commands/launch.ts"
import { resume } from "../../runtime/commands/resume.ts"
import type { Run } from "../../store/runs.ts"
import type { CliCommand } from "../CliCommand.ts"
import { type Context, print, say } from "../context.ts"
import { type DemoTable, flights, returnsRaw } from "../demo/DemoTable.ts"
import { demoDirectory } from "../demo/demoDirectory.ts"
import { findUnfinished, makeTable } from "../demo/makeTable.ts"
import { type DemoPlace, countRows, renderDemoEnd } from "../demo/renderDemoEnd.ts"
import { showStep } from "../demo/showStep.ts"
import { workInForeground } from "../foreground.ts"
import { reportLeft } from "../reportLeft.ts"
import { sayLaunched } from "../sayLaunched.ts"
import { assertNobodyWorks } from "../takeUp.ts"
import { withServices } from "../withServices.ts"

type DemoFlags = {
  readonly rows?: string
  readonly flights?: boolean
  readonly directory?: string
  readonly stop?: boolean
  readonly remove?: boolean
}

const usualRows = 1_000_000

/** A whole run on a PostgreSQL of its own, which stays up to look inside. */
export const demo: CliCommand = {
  name: "demo",
  summary: "See a whole run, on a PostgreSQL of its own",
  description:
    "Brings up a PostgreSQL 18 of its own that needs no installation, makes a table, and partitions it. The server " +
    "stays up to look inside. Killed in the middle, it goes on where it was: by the same command, or by resume.",
  define,
  run: async (context: Context, flags: DemoFlags) => {
    const directory = resolve(flags.directory ?? demoDirectory(context.env))
    if (flags.remove === true) return await remove(context, directory)
    if (flags.stop === true) return await stop(context, directory)
    const table = flags.flights === true ? flights : returnsRaw(parseRows(flags.rows))
    const cluster = await showStep(context, `Starting PostgreSQL 18 in ${directory}`, () => openCluster({ directory }))
    const connection = resolveConnection({ databaseUrl: cluster.url, env: {} })
    return await withServices(context, { role: "demo", isWorking: true, connection }, async (services) => {
      const run = await beginOrGoOn(context, services, cluster, table)
      return await finish(context, services, run, { url: cluster.url, directory: flags.directory })
    })
  },
}

function define(command: Command): void {
  command
    .addOption(new Option("--rows <count>", `Rows of public.returns_raw. Default: ${usualRows}.`).conflicts("flights"))
    .option("--flights", "3 million real flights instead; in a checkout only, after npm ci.")
    .option("--directory <directory>", "Where its PostgreSQL lives. Default: below ~/.cache.")
    .addOption(new Option("--stop", "Stop its PostgreSQL; the next demo starts it again.").conflicts("remove"))
    .option("--remove", "Stop its PostgreSQL and delete all of it.")
    .addHelpText("after", "\nWhere no database is given, all commands use the demo's.")
}

function parseRows(text: string | undefined): number {
  if (text === undefined) return usualRows
  if (/^\d{1,12}$/.test(text)) return Number(text)
  throw new CutoverError("CUTOVER_USAGE", {
    message: `--rows takes a whole number, and ${text} is none.`,
    state: nothingChanged,
    hint: "Give a number such as 1000000.",
  })
}

/** Goes on with the run that was left before its swap; else makes the table anew and launches. */
async function beginOrGoOn(context: Context, services: Services, cluster: Cluster, table: DemoTable): Promise<Run> {
  const unfinished = await findUnfinished(services, table)
  if (unfinished !== undefined) {
    await assertNobodyWorks(services, unfinished)
    const { id, state } = unfinished
    say(context, `Going on with run ${id} of ${renderTableName(table.name)}, which was left in ${state}.\n`)
    return await resume(services, unfinished.id)
  }
  await showStep(context, `Making ${table.says}`, (onProgress) => makeTable(services, cluster.url, table, onProgress))
  const options = runOptionsSchema.parse({ writes: "block" })
  const run = await launch(services, { table: table.name, by: table.by, options, isOptedIn: true })
  sayLaunched(context, run)
  return run
}

async function finish(context: Context, services: Services, run: Run, place: DemoPlace): Promise<number> {
  const left = await workInForeground(context, services, run)
  const { state, control } = left.status.run
  if (state !== "cleanup" || control === "halted" || left.stoppedBy !== null) return reportLeft(context, run, left)
  const counts = await countRows(services, run)
  say(context, "")
  print(context, left.status, renderDemoEnd(context, { status: left.status, counts, place }))
  return exitCodes.done
}

async function stop(context: Context, directory: string): Promise<number> {
  const cluster = await findCluster(directory)
  if (cluster === undefined) return nothingThere(context, directory)
  await cluster.stop()
  print(context, { stopped: directory }, `The demo's PostgreSQL in ${directory} is stopped; its tables are kept.`)
  return exitCodes.done
}

async function remove(context: Context, directory: string): Promise<number> {
  const cluster = await findCluster(directory)
  if (cluster === undefined) return nothingThere(context, directory)
  await cluster.destroy()
  print(context, { removed: directory }, `The demo's PostgreSQL in ${directory} is removed, with all that was in it.`)
  return exitCodes.done
}

function nothingThere(context: Context, directory: string): number {
  print(context, { removed: null }, `There is no demo in ${directory}.`)
  return exitCodes.done
}
