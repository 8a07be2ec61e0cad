import { setTimeout as sleep } from "node:timers/promises"
import type { Status } from "../domain/status.ts"
import { isTransient } from "../postgres/classify.ts"
import type { Services } from "../runtime/Services.ts"
import { Worker } from "../runtime/Worker.ts"
import { acrossBreaks } from "../runtime/acrossBreaks.ts"
import { readStatus } from "../store/status.ts"
import { type Run, readPosition } from "../store/runs.ts"
import { StatusView, lineEveryMs } from "./StatusView.ts"
import { type Context, isTalkative, say } from "./context.ts"
import { type Stop, listenForStop } from "./listenForStop.ts"
import { lanesOf } from "../steps/throttle/lanes.ts"

/** How a run was left: what it is like now, and the signal's exit code when one ended it. */
export type Left = {
  readonly status: Status
  readonly stoppedBy: { readonly name: string; readonly exitCode: number } | null
}

/** What a launch says first, which should stay in sight while the run goes on. */
const linesAbove = 8

/** Often enough that bars move smoothly. */
const pollMs = 250

/** The question costs the server a millisecond, and more the more changes wait: it takes a tenth of a core at most. */
const restShare = 9

/**
 * Works a run here and shows its progress, until there is nothing to do now: it is finished, halted, or waits for its
 * fallback window. The first SIGINT or SIGTERM lets the batch under way finish and leaves; the second leaves at once.
 */
export async function workInForeground(context: Context, services: Services, run: Run): Promise<Left> {
  using stop = listenForStop()
  const view = isTalkative(context) ? new StatusView(context.stderr, { leave: linesAbove }) : undefined
  const worker = await acrossBreaks(services, () =>
    Worker.start(services, { runId: run.id, lanes: lanesOf({ ...run.options, nice: false }) }),
  )
  const leave = leaveOnce(context, worker, stop)
  let seen: Status
  try {
    seen = await watch(services, run, stop, view)
  } finally {
    await leave()
  }
  const status = (stop.signal.aborted && (await readPatiently(services, run))) || seen
  view?.end(status)
  return {
    status,
    stoppedBy: stop.signal.aborted && !isOver(status, run) ? { name: stop.name, exitCode: stop.exitCode } : null,
  }
}

/** Stops the worker when a signal comes, or when the caller says so; it stops once. */
function leaveOnce(context: Context, worker: Worker, stop: Stop): () => Promise<void> {
  let leaving: Promise<void> | undefined
  const leave = (): Promise<void> => (leaving ??= worker.stop())
  const onSignal = (): void => {
    say(context, "Stopping: the batch under way is finishing. Once more to leave at once.")
    // The caller hears of a failure too.
    leave().catch(() => {})
  }
  if (stop.signal.aborted) onSignal()
  else stop.signal.addEventListener("abort", onSignal, { once: true })
  return leave
}

/**
 * Shows the run until it is over or a signal comes, and returns what was seen last. The whole status is read where something of it
 * will be shown: it counts changes that wait, and tells of every month.
 */
async function watch(services: Services, run: Run, stop: Stop, view: StatusView | undefined): Promise<Status> {
  let seen = await acrossBreaks(services, () => readStatus(services.database, run.id), stop.signal)
  let readAt = performance.now()
  let restMs = pollMs
  while (!stop.signal.aborted && !isOver(seen, run)) {
    view?.show(seen)
    await sleep(restMs, undefined, { signal: stop.signal }).catch(() => {})
    const isDue = view?.moves === true || performance.now() - readAt >= lineEveryMs
    if (!isDue && !(await hasMoved(services, seen))) continue
    const askedAt = performance.now()
    seen = (await readPatiently(services, run)) ?? seen
    readAt = performance.now()
    restMs = Math.max(pollMs, restShare * (readAt - askedAt))
  }
  return seen
}

async function hasMoved(services: Services, { run: { id, state, control } }: Status): Promise<boolean> {
  const now = await patiently(() => readPosition(services.database, id))
  return now !== undefined && (now.state !== state || now.control !== control || now.finishedAt !== null)
}

async function readPatiently(services: Services, run: Run): Promise<Status | undefined> {
  return await patiently(() => readStatus(services.database, run.id))
}

/** Undefined while the database is away; the worker says so, and goes on when it is back. */
async function patiently<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (isTransient(error)) return undefined
    throw error
  }
}

/** Whether nothing is left to do now. A paused run, or one at a gate, is waited for. */
function isOver({ run, attach }: Status, { options }: Run): boolean {
  if (run.finishedAt !== null || run.control === "halted") return true
  if (run.state !== "cleanup" || run.control !== "waiting") return false
  const isWindowOver = attach.fallbackUntil !== null && Date.parse(attach.fallbackUntil) <= Date.now()
  return options.dropLegacy === "manual" || !isWindowOver
}
