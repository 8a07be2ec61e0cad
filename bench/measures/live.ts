import { setTimeout as sleep } from "node:timers/promises"
import type { Bench } from "../Bench.ts"
import { type LivePeriod, type LiveResult, itsCopy } from "../BenchResult.ts"
import type { Contender } from "../contenders/Contender.ts"
import { bare } from "../contenders/bare.ts"
import { cutover } from "../contenders/cutover.ts"
import { trigger } from "../contenders/trigger.ts"
import { readRunLog } from "../launch.ts"
import { type Write, type Writers, startWriters } from "../live/writers.ts"
import { formatMs } from "../render/units.ts"
import { columns, countRows, source } from "../returns.ts"
import type { Copy } from "../server.ts"
import { largest, percentile, sum } from "../statistics.ts"
import { target } from "../target.ts"

const perSecond = 150

/** What was seen of one run: the writes between two moments, those beside its copy alone, and how it ended. */
type Seen = {
  readonly writes: readonly Write[]
  readonly whileCopied?: readonly Write[]
  readonly copyMs: number | null
  readonly wrongRows: number | null
}

type Watch = (bench: Bench, copy: Copy, writers: Writers) => Promise<Seen>

/**
 * What an application feels that writes all the time: alone, beside our run from its launch to its swap, beside the bare statements of
 * its copy on one connection, which nobody could make gentler, and beside the copy of a mirroring trigger, by turns.
 */
export async function measureLive(bench: Bench): Promise<LiveResult> {
  const watches: readonly [string, Watch][] = [
    ["nothing else", watchIdle],
    ...[ours(bench), niceOurs(bench)].map((one): [string, Watch] => [one.name, watchOurs(one)]),
    [floor.name, watchScript(floor)],
    [trigger.name, watchScript(trigger, countDifferences)],
  ]
  const seen = new Map<string, Seen[]>(watches.map(([beside]) => [beside, []]))
  for (let round = 0; round < bench.runs; round++) {
    for (const [beside, watch] of round % 2 === 0 ? watches : watches.toReversed()) {
      const found = await bench.server.withCopy((copy) => underWrites(bench, copy, watch))
      seen.get(beside)?.push(found)
      const times = found.writes.map((one) => one.ms)
      bench.say(
        `writers beside ${beside}: p50 ${formatMs(percentile(times, 0.5))}, p99 ${formatMs(percentile(times, 0.99))}`,
      )
    }
  }
  return { perSecond, periods: watches.flatMap(([beside]) => periodsOf(beside, seen.get(beside) ?? [])) }
}

/** Caches are warm when the watching begins. */
const warmUpMs = 1_000

async function underWrites(bench: Bench, copy: Copy, watch: Watch): Promise<Seen> {
  await using writers = await startWriters(copy.url, { perSecond, rows: bench.data.rows, random: bench.random })
  await sleep(warmUpMs)
  return await watch(bench, copy, writers)
}

async function watchIdle({ idleMs }: Bench, _: Copy, writers: Writers): Promise<Seen> {
  const from = Date.now()
  await sleep(idleMs)
  await writers.stop()
  return { writes: between(writers, from, from + idleMs), copyMs: null, wrongRows: null }
}

function ours({ parallel, batchTarget }: Bench): Contender {
  return cutover({ parallel: parallel[0] ?? 2, batchTarget })
}

function niceOurs({ parallel, batchTarget }: Bench): Contender {
  return cutover({ parallel: parallel[0] ?? 2, batchTarget, nice: true })
}

/** Afterwards the table has as many rows as there were, and the writers added; its content was compared by the run itself. */
function watchOurs(contender: Contender): Watch {
  return async ({ data }, copy, writers) => {
    const { ms } = await contender.run(copy, data)
    const { addedRows } = await writers.stop()
    const log = await readRunLog(copy.client)
    return {
      writes: between(writers, log.at("run.launched"), log.at("attach.completed")),
      whileCopied: between(writers, log.at("prep.completed"), log.at("validate.completed")),
      copyMs: ms,
      wrongRows: Math.abs((await countRows(copy.client, source)) - data.rows - addedRows),
    }
  }
}

const floor = bare(1)

/** A script, from its first statement to its last. `countWrong` says how many rows it left wrong, where writes are its business. */
function watchScript(contender: Contender, countWrong?: (copy: Copy) => Promise<number>): Watch {
  return async ({ data }, copy, writers) => {
    await contender.prepare(copy, data)
    const from = Date.now()
    const { ms } = await contender.run(copy, data)
    const to = Date.now()
    await writers.stop()
    return { writes: between(writers, from, to), copyMs: ms, wrongRows: (await countWrong?.(copy)) ?? null }
  }
}

async function countDifferences({ client }: Copy): Promise<number> {
  const { rows } = await client.query<{ n: number }>(differencesSql)
  return rows[0]?.n ?? 0
}

const differencesSql = `
select count(*)::int as n
from (select ${columns} from ${source}) as s
full join (select ${columns} from ${target}) as t on s.id = t.id and s.return_date = t.return_date
where s::text is distinct from t::text`

function between(writers: Writers, from: number, to: number): Write[] {
  return writers.writes().filter((one) => one.dueAt >= from && one.dueAt <= to)
}

/** The begin of a run and its swap take a strong lock each, for an instant: what its copy costs is seen without them. */
function periodsOf(beside: string, seen: readonly Seen[]): LivePeriod[] {
  const whileCopied = seen.flatMap((one) => one.whileCopied ?? [])
  const copies = seen.flatMap((one) => one.copyMs ?? [])
  const wrong = seen.flatMap((one) => one.wrongRows ?? [])
  const whole: LivePeriod = {
    ...toPeriod(
      beside,
      seen.flatMap((one) => one.writes),
    ),
    copyMs: copies.length === 0 ? null : percentile(copies, 0.5),
    wrongRows: wrong.length === 0 ? null : sum(wrong),
  }
  return whileCopied.length === 0 ? [whole] : [whole, toPeriod(`${beside}${itsCopy}`, whileCopied)]
}

function toPeriod(beside: string, writes: readonly Write[]): LivePeriod {
  const times = writes.map((one) => one.ms)
  return {
    beside,
    transactions: writes.length,
    errors: writes.filter((one) => one.hasFailed).length,
    p50Ms: percentile(times, 0.5),
    p99Ms: percentile(times, 0.99),
    longestMs: largest(times),
    copyMs: null,
    wrongRows: null,
  }
}
