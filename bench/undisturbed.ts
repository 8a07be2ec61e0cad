import type { Bench } from "./Bench.ts"
import { readBusyShare, readCoreTimes } from "./otherCpu.ts"
import { readTreeCpu } from "./readTreeCpu.ts"
import { formatShare } from "./render/units.ts"

/** What a piece of work found, and the share of all cores that others took meanwhile; null where it cannot be seen. */
export type Watched<T> = { readonly found: T; readonly othersShare: number | null }

/** Others may take this much of all cores, and the work still counts as undisturbed. */
const calmShare = 0.1

/**
 * Waits for a calm moment, works, and repeats it if others took too much meanwhile; what was disturbed least counts.
 * Without patience it just works: then ratios within one bench have to do, for turns are disturbed alike.
 */
export async function undisturbed<T>(bench: Bench, work: () => Promise<T>): Promise<Watched<T>> {
  if (bench.patienceMs === 0) return await watch(bench, work)
  await awaitCalm(bench)
  let best = await watch(bench, work)
  for (let attempt = 2; attempt <= 3 && (best.othersShare ?? 0) > calmShare; attempt++) {
    bench.say(`others took ${formatShare(best.othersShare ?? 0)} of the machine; once more`)
    await awaitCalm(bench)
    const next = await watch(bench, work)
    if ((next.othersShare ?? 0) < (best.othersShare ?? 0)) best = next
  }
  return best
}

/** All that was used, less what our own processes and the server's used. */
async function watch<T>({ server }: Bench, work: () => Promise<T>): Promise<Watched<T>> {
  const oursBefore = await readOurs(server)
  const before = readCoreTimes()
  const found = await work()
  const after = readCoreTimes()
  const ours = (await readOurs(server)) - oursBefore
  const others = after.busyMs - before.busyMs - ours
  const othersShare = Number.isNaN(others) ? null : Math.max(0, others / (after.allMs - before.allMs))
  return { found, othersShare }
}

/** NaN where it cannot be seen. */
async function readOurs(server: Bench["server"]): Promise<number> {
  return ((await server.readCpuMs()) ?? Number.NaN) + (readTreeCpu(process.pid) ?? Number.NaN)
}

/** Waits, while we rest ourselves, until hardly anybody works; when its patience is at an end it gives up. */
async function awaitCalm({ say, patienceMs }: Bench): Promise<void> {
  const deadline = Date.now() + patienceMs
  for (let isSaid = false; Date.now() < deadline; isSaid = true) {
    const busy = await readBusyShare()
    if (busy <= calmShare) return
    if (!isSaid) say(`others use ${formatShare(busy)} of the machine; waiting for a calm moment`)
  }
}
