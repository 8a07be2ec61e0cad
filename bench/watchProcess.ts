import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import type { ProcessUse } from "./BenchResult.ts"

type Seen = Omit<ProcessUse, "wallMs">

/** Looks at a process until disposed, ten times a second; what it took in the last tenth is not seen. */
export function watchProcess(pid: number): Disposable & { readonly seen: () => Seen } {
  let seen: Seen = { peakRssBytes: 0, cpuMs: 0 }
  const look = (): void => {
    const now = process.platform === "linux" ? lookOnLinux(pid) : lookByPs(pid)
    if (now === undefined) return
    seen = { peakRssBytes: Math.max(seen.peakRssBytes, now.peakRssBytes), cpuMs: Math.max(seen.cpuMs, now.cpuMs) }
  }
  const timer = setInterval(look, 100)
  return { seen: () => seen, [Symbol.dispose]: () => clearInterval(timer) }
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
