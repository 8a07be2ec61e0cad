import { cpus } from "node:os"
import { setTimeout as sleep } from "node:timers/promises"

/** Others may use this much of all cores, and the machine still counts as calm. */
const calmShare = 0.1

/** How long a calm moment is waited for. Then the work begins anyway: the result says what it was like. */
const patienceMs = 120_000

const glanceMs = 2_000

/** Waits, while we rest ourselves, for a moment in which nobody else works; returns the share of all cores seen busy last. */
export async function awaitCalm(say: (line: string) => void): Promise<number> {
  const deadline = Date.now() + patienceMs
  let busy = await readBusyShare()
  if (busy > calmShare) say(`others use ${Math.round(busy * 100)} % of the machine; waiting for a calm moment`)
  while (busy > calmShare && Date.now() < deadline) busy = await readBusyShare()
  return busy
}

/** The share of all cores that is busy over the next two seconds. */
export async function readBusyShare(): Promise<number> {
  const before = readTimes()
  await sleep(glanceMs)
  const after = readTimes()
  const idle = after.idle - before.idle
  const all = after.all - before.all
  return all > 0 ? 1 - idle / all : 0
}

function readTimes(): { idle: number; all: number } {
  const times = cpus().map((one) => one.times)
  const idle = times.reduce((sum, one) => sum + one.idle, 0)
  return { idle, all: times.reduce((sum, one) => sum + one.user + one.nice + one.sys + one.irq + one.idle, 0) }
}
