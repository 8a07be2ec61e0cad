import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import type { ProcessUse } from "./BenchResult.ts"

type Seen = Pick<ProcessUse, "peakRssBytes" | "cpuMs">

export type Watched = Disposable & {
  readonly seen: () => Seen
  /** CPU time between two moments, in milliseconds since 1970, as far as looks beside them tell. */
  readonly cpuBetween: (from: number, to: number) => number
}

/** Looks at a process until disposed, ten times a second; what it took in the last tenth is not seen. */
export function watchProcess(pid: number): Watched {
  const looks: (Seen & { readonly at: number })[] = []
  const look = (): void => {
    const now = process.platform === "linux" ? lookOnLinux(pid) : lookByPs(pid)
    if (now !== undefined) looks.push({ ...now, at: Date.now() })
  }
  const timer = setInterval(look, 100)
  const cpuAt = (moment: number): number => looks.findLast((one) => one.at <= moment)?.cpuMs ?? 0
  return {
    seen: () => ({
      peakRssBytes: Math.max(0, ...looks.map((one) => one.peakRssBytes)),
      cpuMs: looks.at(-1)?.cpuMs ?? 0,
    }),
    cpuBetween: (from, to) => cpuAt(to) - cpuAt(from),
    [Symbol.dispose]: () => clearInterval(timer),
  }
}

/** VmHWM is the kernel's own note of the highest; undefined once the process has ended. */
function lookOnLinux(pid: number): Seen | undefined {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]
    // Fields 14 and 15, user and system time in hundredths of a second; the second field may hold spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]?.split(" ")
    if (kilobytes === undefined || fields === undefined) return undefined
    return { peakRssBytes: Number(kilobytes) * 1024, cpuMs: (Number(fields[11]) + Number(fields[12])) * 10 }
  } catch {
    return undefined
  }
}

function lookByPs(pid: number): Seen | undefined {
  try {
    const [kilobytes, time] = execFileSync("ps", ["-o", "rss=,time=", "-p", String(pid)], { encoding: "utf8" })
      .trim()
      .split(/\s+/)
    const seconds = (time ?? "0").split(":").reduce((sum, part) => sum * 60 + Number(part), 0)
    return { peakRssBytes: Number(kilobytes) * 1024, cpuMs: seconds * 1000 }
  } catch {
    return undefined
  }
}
