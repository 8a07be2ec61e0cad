import { setTimeout as sleep } from "node:timers/promises"
import type { Status } from "../../domain/status.ts"
import { exitCodes } from "../../errors/codes.ts"
import type { Services } from "../../runtime/Services.ts"
import { acrossBreaks } from "../../runtime/acrossBreaks.ts"
import { findRunByReference } from "../../runtime/findRun.ts"
import { readStatus, readStatuses } from "../../store/status.ts"
import { type CliCommand, runArgument } from "../CliCommand.ts"
import { StatusView } from "../StatusView.ts"
import { type Context, print } from "../context.ts"
import { listenForStop } from "../listenForStop.ts"
import { renderStatusList } from "../render/statusList.ts"
import { renderStatus } from "../render/statusTable.ts"
import { withServices } from "../withServices.ts"

/** Shows one run, or all of them, once or again and again. */
export const status: CliCommand = {
  name: "status",
  summary: "Show one run, month by month, or list all runs",
  description: "Shows one run, partition by partition, or lists all runs. Changes nothing.",
  define: (command) => {
    command
      .argument("[run]", `${runArgument[1]} Without it, all runs.`)
      .option("--watch", "Show it again and again, until the run is finished or Ctrl-C.")
  },
  run: async (context: Context, reference: string | undefined, { watch = false }: { watch?: boolean }) =>
    await withServices(context, { role: "status" }, async (services) => {
      if (reference === undefined) return await (watch ? watchAll(context, services) : showAll(context, services))
      const { id } = await findRunByReference(services, reference)
      return await (watch ? watchRun(context, services, id) : showRun(context, services, id))
    }),
}

async function showRun(context: Context, services: Services, id: string): Promise<number> {
  const found = await acrossBreaks(services, () => readStatus(services.database, id))
  const { color, width } = context.stdout
  print(context, found, renderStatus(found, { color, width, now: new Date() }))
  return exitCodes.done
}

async function showAll(context: Context, services: Services): Promise<number> {
  const found = await acrossBreaks(services, () => readStatuses(services.database))
  print(context, found, renderList(context, found))
  return exitCodes.done
}

async function watchRun(context: Context, services: Services, id: string): Promise<number> {
  const view = context.isJson ? undefined : new StatusView(context.stdout)
  const writeChange = changeWriter(context)
  return await again(context, async (signal) => {
    const found = await acrossBreaks(services, () => readStatus(services.database, id), signal)
    if (view === undefined) writeChange(found)
    const isFinished = found.run.finishedAt !== null
    if (isFinished) view?.end(found)
    else view?.show(found)
    return isFinished
  })
}

async function watchAll(context: Context, services: Services): Promise<number> {
  const writeChange = changeWriter(context)
  let last = ""
  return await again(context, async (signal) => {
    const found = await acrossBreaks(services, () => readStatuses(services.database), signal)
    const text = renderList(context, found)
    if (context.isJson) writeChange(found)
    else if (context.stdout.isTerminal) context.stdout.draw(text)
    else if (text !== last) context.stdout.write(text)
    last = text
    return false
  })
}

const everyMs = 1_000

/** Looks again each second until `look` says that it is over, a signal comes, or nobody reads any more. */
async function again(context: Context, look: (signal: AbortSignal) => Promise<boolean>): Promise<number> {
  using stop = listenForStop()
  const signal = AbortSignal.any([stop.signal, context.stdout.gone])
  while (!signal.aborted) {
    try {
      if (await look(signal)) return exitCodes.done
    } catch (error) {
      // Nobody waits any more for a database that is away.
      if (!signal.aborted) throw error
    }
    await sleep(everyMs, undefined, { signal }).catch(() => {})
  }
  context.stdout.keep()
  return stop.signal.aborted ? stop.exitCode : exitCodes.done
}

/** Writes a document as one line, unless it is the one before. */
function changeWriter({ stdout }: Context): (document: Status | readonly Status[]) => void {
  let last = ""
  return (document) => {
    const line = JSON.stringify(document)
    if (line !== last) stdout.write(line)
    last = line
  }
}

function renderList({ stdout }: Context, statuses: readonly Status[]): string {
  const width = stdout.isTerminal ? { width: stdout.width } : {}
  return renderStatusList(statuses, { color: stdout.color, ...width, now: new Date() })
}
