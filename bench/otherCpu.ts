import { cpus } from "node:os"
import { setTimeout as sleep } from "node:timers/promises"

/** The time of all cores together since the machine started, in milliseconds. */
export type CoreTimes = { readonly busyMs: number; readonly allMs: number }

const glanceMs = 2_000

/** The share of all cores that is busy over the next two seconds: what others use, when we rest. */
export async function readBusyShare(): Promise<number> {
  const before = readCoreTimes()
  await sleep(glanceMs)
  const after = readCoreTimes()
  const allMs = after.allMs - before.allMs
  return allMs > 0 ? (after.busyMs - before.busyMs) / allMs : 0
}

export function readCoreTimes(): CoreTimes {
  const times = cpus().map((one) => one.times)
  const busyMs = times.reduce((total, one) => total + one.user + one.nice + one.sys + one.irq, 0)
  return { busyMs, allMs: busyMs + times.reduce((total, one) => total + one.idle, 0) }
}
