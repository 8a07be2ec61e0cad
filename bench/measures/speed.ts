import type pg from "pg"
import type { Bench } from "../Bench.ts"
import type { ContenderResult, SpeedResult, Timing } from "../BenchResult.ts"
import type { Contender } from "../contenders/Contender.ts"
import { contendersOf } from "../contenders/contendersOf.ts"
import { formatMs } from "../render/units.ts"
import { undisturbed } from "../undisturbed.ts"

/** Runs all contenders by turns, each on a fresh copy of the data; every second round goes in the opposite order. */
export async function measureSpeed(bench: Bench): Promise<SpeedResult> {
  const contenders = contendersOf(bench)
  const timings = new Map<Contender, Timing[]>(contenders.map((one) => [one, []]))
  for (let round = 0; round < bench.runs; round++) {
    for (const contender of round % 2 === 0 ? contenders : contenders.toReversed()) {
      const timing = await time(bench, contender)
      timings.get(contender)?.push(timing)
      bench.say(`${contender.name}, run ${round + 1} of ${bench.runs}: ${formatMs(timing.ms)}`)
    }
  }
  return {
    contenders: contenders.map((one): ContenderResult => ({
      kind: one.kind,
      name: one.name,
      says: one.says,
      parallel: one.parallel,
      timings: timings.get(one) ?? [],
    })),
  }
}

async function time(bench: Bench, contender: Contender): Promise<Timing> {
  const { server, data } = bench
  const { found, othersShare } = await undisturbed(bench, () =>
    server.withCopy(async (copy) => {
      await contender.prepare(copy, data)
      await copy.client.query("checkpoint")
      const walBefore = await readWal(copy.client)
      const cpuBefore = await server.readCpuMs()
      const timing = await contender.run(copy, data)
      const cpuAfter = await server.readCpuMs()
      const walBytes = (await readWal(copy.client)) - walBefore
      await contender.check(copy, data)
      return { ...timing, walBytes, serverCpuMs: cpuBefore === null || cpuAfter === null ? null : cpuAfter - cpuBefore }
    }),
  )
  return { ...found, othersShare }
}

async function readWal(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ bytes: number }>(
    "select (pg_current_wal_insert_lsn() - '0/0')::float8 as bytes",
  )
  return rows[0]?.bytes ?? 0
}
