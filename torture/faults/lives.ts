import { setTimeout as sleep } from "node:timers/promises"
import { type Cutover, startCutover } from "../../test/support/cli.ts"
import type { TestDatabase } from "../../test/support/database.ts"
import { type LaunchInput, launchRun, services } from "../../test/support/runs.ts"
import { type Decide, FaultProxy } from "../../test/support/wire/faultProxy.ts"
import { Worker } from "../../src/runtime/Worker.ts"
import type { Statement } from "../../test/support/wire/Statement.ts"
import { launchArgs, launchInput } from "./smallTable.ts"
import { untilQuiet } from "./untilQuiet.ts"

/** How a process ended: it was killed at its moment, or came to the end of the run. */
export type LifeEnd = "died" | "done"

/** Says at which statement a process dies, and whether before it or after it; undefined lets it live on. */
export type Fatal = (statement: Statement) => "before" | "after" | undefined

/** A process that launches, or goes on with what the one before it left, until it dies or there is nothing to do. */
export type Live = (database: TestDatabase, fatal: Fatal) => Promise<LifeEnd>

/** How long a life may last; a small table takes seconds, and on a machine with ten times the load minutes. */
const lifeMs = 180_000

/**
 * A process of which the server sees what it would see of a killed one: all its connections break at the same moment, and none
 * comes again. It costs no start of Node, and so hundreds can die.
 */
export const liveHere: Live = async (database, fatal) => await liveHereWith(launchInput, database, fatal)

/** The same, for a run that is launched as `input` says. */
export async function liveHereWith(input: LaunchInput, database: TestDatabase, fatal: Fatal): Promise<LifeEnd> {
  const death = Promise.withResolvers<"died">()
  const proxy = await FaultProxy.start(database.url)
  const end = new AbortController()
  const die = async (): Promise<void> => {
    proxy.cutAll()
    end.abort()
    death.resolve("died")
  }
  proxy.decide = holding(fatal, die)
  const life = workHere(database, proxy.url, await findRunLeft(database), { input, signal: end.signal })
  void disposeAfter(life, proxy)
  return await Promise.race([death.promise, life])
}

function holding(fatal: Fatal, until: () => Promise<void>): Decide {
  return (statement) => {
    const when = fatal(statement)
    return when === undefined ? undefined : { type: "hold", when, until }
  }
}

/** What is left of a dead process goes on asking for a while: its proxy stays, lest another one gets its port. */
async function disposeAfter(life: Promise<unknown>, proxy: FaultProxy): Promise<void> {
  await life.catch(() => {})
  await proxy[Symbol.asyncDispose]()
}

/** Works the run until it is quiet. When its database has gone for good it fails; nobody listens to it then. */
async function workHere(
  database: TestDatabase,
  proxyUrl: string,
  runId: string | undefined,
  { input, signal }: { readonly input: LaunchInput; readonly signal: AbortSignal },
): Promise<"done"> {
  const open = await services({ ...database, url: proxyUrl })
  try {
    const id = runId ?? (await launchRun(open, input)).id
    const worker = await Worker.start(open, { runId: id, lanes: 2 })
    try {
      await untilQuiet(database, id, lifeMs, signal)
    } finally {
      await worker.stop()
    }
  } finally {
    await open.close()
  }
  return "done"
}

/** The command as a process of its own, killed with SIGKILL while the statement, or its answer, is on its way. */
export const liveAsProcess: Live = async (database, fatal) => {
  let command: Cutover | undefined
  const die = async (): Promise<void> => {
    command?.process.kill("SIGKILL")
    await command?.ended
  }
  await using proxy = await FaultProxy.start(database.url, holding(fatal, die))
  command = startCutover(proxy.url, (await findRunLeft(database)) === undefined ? launchArgs : ["resume", "t"])
  const patience = new AbortController()
  const tooLong = sleep(lifeMs, undefined, { signal: patience.signal }).then(
    () => command.process.kill("SIGKILL"),
    () => false,
  )
  const { code, signal, stderr } = await command.ended
  patience.abort()
  if (await tooLong) throw new Error(`the command was still there after ${lifeMs / 1000} s\n${stderr.slice(-2_000)}`)
  if (signal === "SIGKILL") return "died"
  if (code === 0) return "done"
  throw new Error(`the command ended with ${code ?? signal}\n${stderr.slice(-2_000)}`)
}

/**
 * What the next process finds. The last COMMIT of the one that died may still be under way in the server, so its sessions are
 * waited for: who looked before would launch once more, and rightly be refused.
 */
async function findRunLeft(database: TestDatabase): Promise<string | undefined> {
  for (;;) {
    const left = await database.query(
      "select from pg_stat_activity where datname = current_database() and application_name like 'cutover/%'",
    )
    if (left.length === 0) return await findRunId(database)
    await sleep(20)
  }
}

/** The one run of a database, once somebody has launched it. */
export async function findRunId(database: TestDatabase): Promise<string | undefined> {
  const [found] = await database.query<{ there: boolean }>("select to_regclass('cutover.runs') is not null as there")
  if (found?.there !== true) return undefined
  return (await database.query<{ id: string }>("select id from cutover.runs"))[0]?.id
}
