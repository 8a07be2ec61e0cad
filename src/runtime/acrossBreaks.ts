import { setTimeout as sleep } from "node:timers/promises"
import { CutoverError } from "../errors/CutoverError.ts"
import { classify } from "../postgres/classify.ts"
import { type Run, readRun } from "../store/runs.ts"
import type { Services } from "./Services.ts"

/** `isOpening`: nothing has been reached yet, so what cannot be reached is told at once, and only what breaks is tried again. */
export type Patience = Pick<Services, "logger" | "patienceMs"> & { readonly isOpening?: boolean }

/** The server may be away as long as this is told to nobody: a broken connection alone is mended sooner. */
const quietMs = 500

/**
 * Does a whole piece of work again when its connection broke under it, until that has lasted longer than the patience of the
 * services; then it throws what it saw last. The work must be one that may be done again: it only looks, or it is one transaction,
 * of which `withTransaction` knows that nothing is left. A server that is not there is waited for; one that is read-only too, once a
 * connection has broken: a standby takes over. `signal` ends the waiting.
 */
export async function acrossBreaks<T>(
  { logger, patienceMs, isOpening = false }: Patience,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  let brokenAt: number | undefined
  for (let pauseMs = 50; ; pauseMs = Math.min(2_000, pauseMs * 2)) {
    const beganAt = performance.now()
    try {
      return await work()
    } catch (error) {
      if (!isBreak(error, brokenAt !== undefined, isOpening)) throw error
      // A try that lasted longer than the patience was no part of the break before it.
      if (brokenAt === undefined || performance.now() - beganAt > patienceMs) brokenAt = performance.now()
      const brokenMs = performance.now() - brokenAt
      if (brokenMs + pauseMs > patienceMs || signal?.aborted === true) throw error
      if (brokenMs > quietMs && !isOpening) logger.warn({ error: String(error) }, "the connection broke; trying again")
      await sleep(pauseMs, undefined, { signal }).catch(() => {})
    }
  }
}

function isBreak(error: unknown, isBroken: boolean, isOpening: boolean): boolean {
  const found = classify(error)
  if (isOpening) return found === "connection"
  return found === "connection" || found === "unavailable" || (isBroken && found === "readOnly")
}

/**
 * Asks our own tables where nobody can tell whether the work was committed (`CUTOVER_OUTCOME_UNKNOWN`): `find` answers with what it
 * left behind, or undefined; then what was unknown is thrown, for somebody else may have undone it since.
 */
export async function lookUp<T>(work: () => Promise<T>, find: () => Promise<T | undefined>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof CutoverError) || error.code !== "CUTOVER_OUTCOME_UNKNOWN") throw error
    const found = await find()
    if (found === undefined) throw error
    return found
  }
}

/** The run, if it has come to this state; for `lookUp`. */
export async function findEnded(services: Services, runId: string, state: Run["state"]): Promise<Run | undefined> {
  const run = await acrossBreaks(services, () => readRun(services.database, runId))
  return run.state === state ? run : undefined
}
