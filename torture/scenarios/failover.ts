import { setTimeout as sleep } from "node:timers/promises"
import { type TestDatabase, type TestServer, createDatabase, openDatabase } from "../../test/support/database.ts"
import { randomOf } from "../../test/support/random.ts"
import { type ServerPair, startPair } from "../../test/support/serverPair.ts"
import type { Statement } from "../../test/support/wire/Statement.ts"
import { FaultProxy } from "../../test/support/wire/faultProxy.ts"
import type { Options, Round, Scenario } from "../Scenario.ts"
import { parseMoments, renderMoments } from "../faults/Moment.ts"
import { judgeRun } from "../faults/judgeRun.ts"
import { type Recorded, momentsOf, recordingOf } from "../faults/recording.ts"
import { createSmallTable, startSlowWriters } from "../faults/smallTable.ts"
import { workThrough } from "../faults/workThrough.ts"

/** Where the application itself loses its server, its transactions wait for that. */
const mostStallMs = 15_000

/** How long the primary goes on committing what its standby never gets. */
const lostMs = 200

/**
 * The primary is lost in a step of a run, and its standby promoted. By the seed the primary is killed, or lives on, cut off from all
 * its clients; and the standby has all that was committed or lacks the last moments of it, and gets the connections before it is
 * promoted or after.
 */
export const failover: Scenario = {
  id: "C4",
  name: "failover",
  says: "the primary is killed or cut off, and a standby takes over, with the last commits or without; the run goes on, and the old primary is left alone",
  seeds: { quick: 4, usual: 10, full: 30 },
  isDurable: false,
  atOnce: 2,
  plan: async (server, { first, size }) => {
    const { statements } = await recordingOf(server)
    const seeds = Array.from({ length: failover.seeds[size] }, (_, n) => first + n)
    return { cases: seeds.map((seed) => momentInStep(statements, seed)), failures: [] }
  },
  run: async (server, seed, options) => await runFailover(server, seed, options),
}

async function runFailover(server: TestServer, seed: number, { at = "" }: Options): Promise<Round> {
  const recording = await recordingOf(server)
  await using pair = await startPair(server.major)
  const before = await createDatabase("failover", pair.primary.url)
  await createSmallTable(before)
  await pair.catchUp()
  const after = openDatabase(before.name, pair.standby.url)
  await using applications = await FaultProxy.start(before.url)
  await using proxy = await FaultProxy.start(before.url)
  // Whoever asks, asks the server that is the primary.
  let now = before
  const following: TestDatabase = {
    ...before,
    url: applications.url,
    query: async (...asked) => await now.query(...asked),
  }
  await using writers = await startSlowWriters(following, seed, { outliveServer: true })

  const moments = parseMoments(at)
  let old: OldPrimary | undefined
  const failOver = async (): Promise<void> => {
    await losePrimary(pair, seed, [applications, proxy])
    now = after
    await before.pool.end()
    const turn = (): void => {
      for (const one of [applications, proxy]) one.serverUrl = after.url
    }
    if (isEarly(seed)) turn()
    await sleep(isEarly(seed) ? 500 : 0)
    await pair.promote()
    turn()
    // Somebody starts it again, as it was: whoever still had its address would write to it.
    if (!isCutOff(seed)) await pair.primary.start()
    old = await watchOldPrimary(pair, before.name)
  }
  let failing: Promise<void> | undefined
  proxy.decide = (statement) => {
    const moment = moments.find((one) => one.kind === statement.kind && one.occurrence <= statement.occurrence)
    if (moment === undefined || failing !== undefined) return undefined
    return { type: "hold", when: moment.when, until: async () => await (failing ??= failOver()).catch(() => {}) }
  }
  // What the old primary said last may be lost with it.
  const isCalm = (): boolean => failing === undefined || old !== undefined
  const working = workThrough(following, proxy.url, isCalm)
  // Where it fails, the servers are not to be taken away amid the failover.
  await working.catch(async () => await failing?.catch(() => {}))
  const { calls } = await working
  await failing
  const round = await judgeRun(after, {
    writers,
    recording,
    counts: {
      faults: old === undefined ? 0 : 1,
      calls,
      lossy: isLossy(seed) ? 1 : 0,
      cutOff: isCutOff(seed) ? 1 : 0,
    },
    failures: [...((await old?.findTouched()) ?? ["no moment came"])],
    mostStallMs,
  })
  await Promise.all([old?.database.pool.end(), after.pool.end()])
  return round
}

function isLossy(seed: number): boolean {
  return seed % 2 === 0
}

/** Whether clients meet the standby while it is none but a standby. */
function isEarly(seed: number): boolean {
  return Math.floor(seed / 2) % 2 === 1
}

/** Whether the old primary lives on, and only its clients have lost it. */
function isCutOff(seed: number): boolean {
  return seed % 3 === 0
}

async function losePrimary(pair: ServerPair, seed: number, ways: readonly FaultProxy[]): Promise<void> {
  if (isLossy(seed)) {
    await pair.stopReplication()
    await sleep(lostMs)
  }
  if (!isCutOff(seed)) return await pair.primary.killImmediately()
  for (const way of ways) way.cutAll()
  await pair.leftAlone()
  if (!isLossy(seed)) await pair.catchUp()
}

type OldPrimary = {
  readonly database: TestDatabase
  /** What somebody has done there since, in words. */
  findTouched(): Promise<string[]>
}

async function watchOldPrimary(pair: ServerPair, name: string): Promise<OldPrimary> {
  const database = openDatabase(name, pair.primary.url)
  const readMarks = async (): Promise<string> => {
    const [{ there } = { there: false }] = await database.query<{ there: boolean }>(
      "select to_regclass('cutover.log') is not null as there",
    )
    const [marks] = await database.query<{ marks: string }>(
      `select concat_ws(' ', (select md5(string_agg(t::text, ',' order by id)) from truth t)
        ${there ? ", (select max(seq) from cutover.log), (select max(updated_at) from cutover.runs), (select sum(rows_copied) from cutover.partitions)" : ""}
       ) as marks`,
    )
    return marks?.marks ?? ""
  }
  const marks = await readMarks()
  return {
    database,
    findTouched: async () => {
      const sessions = await database.query<{ application_name: string }>(
        "select application_name from pg_stat_activity where application_name like 'cutover/%' or application_name like 'writer %'",
      )
      const isSame = (await readMarks()) === marks
      return [
        ...sessions.map((one) => `${one.application_name} has a session at the old primary`),
        ...(isSame ? [] : ["the old primary was written"]),
      ]
    },
  }
}

/** What depends on timing does not come in every run; the first of these that comes is the one. */
const choices = 5

/** The steps take turns; within one the seed chooses. */
function momentInStep(statements: readonly Recorded[], seed: number): string {
  const { random } = randomOf(String(seed))
  const bySteps = [...Map.groupBy(statements, (one: Statement & { step: string }) => one.step).values()]
  const moments = momentsOf(bySteps[(seed - 1) % bySteps.length] ?? [])
  const chosen = Array.from({ length: choices }, () => moments[Math.floor(random() * moments.length)])
  return renderMoments(chosen.filter((moment) => moment !== undefined))
}
