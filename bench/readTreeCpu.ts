import { readFileSync, readdirSync } from "node:fs"

/**
 * The CPU time, in milliseconds, that a process and its children have taken so far: those that live, and those that
 * ended. Unlike the clock it hardly depends on what else the machine does. Null where there is no /proc.
 */
export function readTreeCpu(pid: number): number | null {
  for (;;) {
    const before = readStat(pid)
    const childrenMs = readChildrenCpu(pid)
    const own = readStat(pid)
    if (before === undefined || own === undefined) return null
    // A child that ended meanwhile would be missing on both sides, or be on both.
    if (before.endedChildrenMs === own.endedChildrenMs) return own.cpuMs + own.endedChildrenMs + childrenMs
  }
}

/** Of those that live, and those that have ended and are not yet waited for. */
function readChildrenCpu(pid: number): number {
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readStat(Number(name)) ?? [])
    .filter((stat) => stat.parent === pid)
  return children.reduce((total, child) => total + child.cpuMs, 0)
}

type Stat = { readonly parent: number; readonly cpuMs: number; readonly endedChildrenMs: number }

/** Of `/proc/<pid>/stat`: field 4 is the parent, 14 to 17 are times in hundredths of a second; the second may hold spaces. */
function readStat(pid: number): Stat | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.split(" ").map(Number) ?? []
    const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = fields.slice(11, 15)
    return {
      parent: fields[1] ?? 0,
      cpuMs: (user + system) * 10,
      endedChildrenMs: (childrenUser + childrenSystem) * 10,
    }
  } catch {
    return undefined
  }
}
