import { readFileSync } from "node:fs"
import { hasCode } from "./hasCode.ts"

/** `zombie`: it ended, but its id is taken until its parent asks how; some containers' first process never does. */
export type ProcessState = "running" | "zombie" | "gone"

export function processState(pid: number): ProcessState {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM: it exists, and is somebody else's.
    if (!hasCode(error, "EPERM")) return "gone"
  }
  return isZombie(pid) ? "zombie" : "running"
}

export function isRunning(pid: number): boolean {
  return processState(pid) === "running"
}

function isZombie(pid: number): boolean {
  if (process.platform !== "linux") return false
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"))
  } catch {
    return false
  }
}
