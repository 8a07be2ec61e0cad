import { setTimeout as sleep } from "node:timers/promises"
import { lockKey } from "../../src/postgres/advisoryLock.ts"
import { type Cutover, startCutover } from "../../test/support/cli.ts"
import { type TestDatabase, type TestServer, createDatabase } from "../../test/support/database.ts"
import { randomOf } from "../../test/support/random.ts"
import type { Statement } from "../../test/support/wire/Statement.ts"
import { FaultProxy } from "../../test/support/wire/faultProxy.ts"
import type { Round, Scenario } from "../Scenario.ts"
import { judgeRun } from "../faults/judgeRun.ts"
import { recordingOf } from "../faults/recording.ts"
import { createSmallTable, launchArgs, startSlowWriters } from "../faults/smallTable.ts"

/** Where a worker is stopped: at the answer to a statement like this, when it has a job, begun or not begun yet. */
type Place = {
  /** How many such chances are let pass at most, by the seed. */
  readonly mostSkipped: number
  readonly name: string
  readonly isBegun: boolean
  readonly isIt: (statement: Statement) => boolean
}

const isBatch = ({ text }: Statement): boolean => /^\s*insert into "public"."t_2024/.test(text)

const places: readonly Place[] = [
  {
    name: "with a job that it has not begun",
    isBegun: false,
    mostSkipped: 12,
    isIt: ({ text }) => /with\s+next\s+as/i.test(text),
  },
  {
    name: "under the lock of the swap",
    isBegun: true,
    mostSkipped: 0,
    isIt: ({ text }) => text.includes("in access exclusive mode"),
  },
  { name: "in a batch", isBegun: true, mostSkipped: 0, isIt: isBatch },
  { name: "before the COMMIT of a batch", isBegun: true, mostSkipped: 0, isIt: isEndOfBatch },
]

function isEndOfBatch({ text, before }: Statement): boolean {
  return text.includes("pg_current_xact_id_if_assigned") && before.some(isBatch)
}

/** How long the others may need to get past a stopped worker: its heartbeat, or its session's time limit, and some. */
const takeOverMs = 60_000

/** A worker is stopped (SIGSTOP) with work in its hands, another takes it over and ends the run, and the first one wakes up. */
export const zombie: Scenario = {
  id: "B1",
  name: "zombie",
  says: "a worker is stopped in its work, taken over, and wakes up: none of what it held is written, all is refused",
  seeds: { quick: 2, usual: 2 * places.length, full: 5 * places.length },
  isDurable: false,
  atOnce: 2,
  run: async (server, seed) => await runZombie(server, seed),
}

async function runZombie(server: TestServer, seed: number): Promise<Round> {
  const place = places[(seed - 1) % places.length]
  if (place === undefined) throw new Error(`no place for seed ${seed}`)
  const recording = await recordingOf(server)
  await using database = await createDatabase("zombie", server.url)
  await createSmallTable(database)
  await using writers = await startSlowWriters(database, seed)
  await expectDone(startCutover(database.url, [...launchArgs, "--detach"]))

  const stopped = await stopAt(database, place, Math.floor(randomOf(String(seed)).random() * (place.mostSkipped + 1)))
  await using _ = stopped.proxy
  await using __ = stopped.command
  await using heir = startCutover(database.url, ["worker"])
  const startedAt = performance.now()
  await waitForHeir(database, stopped.held)
  const takenUpMs = performance.now() - stopped.at
  await waitFor(database, "select from cutover.runs where state = 'cleanup' and control = 'waiting'", takeOverMs)
  const takenOverMs = performance.now() - startedAt
  const wokenAt = stopped.proxy.statements.length
  stopped.command.process.kill("SIGCONT")
  const verdict = await watchWoken(stopped, wokenAt)
  for (const command of [stopped.command, heir]) command.process.kill("SIGTERM")
  await Promise.all([stopped.command.ended, heir.ended])
  const round = await judgeRun(database, {
    writers,
    recording,
    counts: { refused: verdict.refused, accepted: verdict.accepted },
    failures: [
      ...(verdict.accepted === 0 ? [] : [`stopped ${place.name}: ${verdict.accepted} of its jobs were written`]),
      ...(verdict.refused > 0 ? [] : [`stopped ${place.name}: nothing was refused, so nothing was tried`]),
      ...(takenUpMs < mostTakenUpMs ? [] : [`stopped ${place.name}: taken up after ${Math.round(takenUpMs)} ms`]),
    ],
  })
  return { ...round, ms: { ...round.ms, takenUp: takenUpMs, takenOver: takenOverMs } }
}

type Stopped = {
  readonly command: Cutover
  readonly proxy: FaultProxy
  readonly held: ReadonlySet<string>
  readonly at: number
}

/** When nothing but its heartbeat, or the time limit of its session, tells that a worker is stuck. */
const mostTakenUpMs = 12_000

/** Somebody else has one of the jobs, or has done it. */
async function waitForHeir(database: TestDatabase, held: ReadonlySet<string>): Promise<void> {
  const jobs = `select from cutover_jobs.job where id::text in (${[...held].map((one) => `'${one}'`).join(", ")})`
  await waitFor(database, `${jobs} and (state > 'active' or state = 'active' and retry_count > 0)`, takeOverMs)
}

/** Starts a worker, and stops it at the place; `held` names the jobs in its hands, which nobody else has touched. */
async function stopAt(database: TestDatabase, place: Place, skipped: number): Promise<Stopped> {
  let left = skipped
  const atPlace = Promise.withResolvers<ReadonlySet<string>>()
  let command: Cutover | undefined
  let isStopped = false
  const stop = async (): Promise<void> => {
    const held = await jobsInHand(database, place)
    if (held.size === 0 || isStopped || left-- > 0) return
    isStopped = true
    command?.process.kill("SIGSTOP")
    atPlace.resolve(held)
  }
  const proxy = await FaultProxy.start(database.url, (statement) => {
    if (!place.isIt(statement) || isStopped) return undefined
    return { type: "hold", when: "after", until: stop }
  })
  command = startCutover(proxy.url, ["worker"])
  const held = await Promise.race([atPlace.promise, sleep(takeOverMs, undefined, { ref: false })])
  if (held === undefined) await command[Symbol.asyncDispose]()
  if (held === undefined) throw new Error(`the worker never was ${place.name}\n${command.stderr().slice(-2_000)}`)
  return { command, proxy, held, at: performance.now() }
}

/** The ids and locks of the jobs that somebody has: of those that are begun, or of those that are not. */
async function jobsInHand(database: TestDatabase, { isBegun }: Place): Promise<Set<string>> {
  const jobs = await database.query<{ id: string }>("select id from cutover_jobs.job where state = 'active'")
  const locked = await database.query<{ key: string }>(
    `select ((classid::bigint << 32) | objid::bigint)::text as key from pg_locks
     where locktype = 'advisory' and objsubid = 1 and database = (select oid from pg_database where datname = current_database())`,
  )
  const begun = new Set(locked.map((lock) => lock.key))
  const inHand = jobs.filter((job) => begun.has(lockKey("job", job.id)) === isBegun)
  return new Set(inHand.flatMap((job) => [job.id, lockKey("job", job.id)]))
}

/** How long a woken worker is watched: it has nothing else to do, and tries what it held at once. */
const watchMs = 2_500

/**
 * What became of the transactions with which a woken worker went on with what it had held: it may roll them back itself, or find
 * that the server has ended them.
 */
async function watchWoken(
  { proxy, held }: Stopped,
  wokenAt: number,
): Promise<{ readonly accepted: number; readonly refused: number }> {
  await sleep(watchMs)
  const isOfHeld = ({ values }: Statement): boolean => [...held].some((id) => values.some((one) => one?.includes(id)))
  const ends = proxy.statements.slice(wokenAt).filter((one) => one.before.some(isOfHeld))
  const cutShort = proxy.cutShort.filter((asked) => asked.some(isOfHeld))
  return {
    accepted: ends.filter((one) => /^\s*commit\b/i.test(one.text)).length,
    refused: ends.filter((one) => /^\s*rollback\s*$/i.test(one.text)).length + cutShort.length,
  }
}

async function expectDone(command: Cutover): Promise<void> {
  const { code, stderr } = await command.ended
  if (code !== 0) throw new Error(`exit ${code}\n${stderr}`)
}

async function waitFor(database: TestDatabase, condition: string, patienceMs: number): Promise<void> {
  for (const deadline = Date.now() + patienceMs; ; await sleep(20)) {
    if ((await database.query(condition)).length > 0) return
    if (Date.now() > deadline) {
      const seen = await database.query("select state, control, reason from cutover.runs")
      throw new Error(`waited in vain for: ${condition}; there is ${JSON.stringify(seen)}`)
    }
  }
}
