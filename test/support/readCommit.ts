import { execFileSync } from "node:child_process"

/** The commit of the checkout, shortened; `+` follows where tracked files were changed since. `unknown` outside of one. */
export function readCommit(): string {
  try {
    const changes = git("status", "--porcelain", "--untracked-files=no")
    return `${git("rev-parse", "--short=10", "HEAD")}${changes === "" ? "" : "+"}`
  } catch {
    return "unknown"
  }
}

function git(...args: string[]): string {
  return execFileSync("git", args, {
    cwd: import.meta.dirname,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim()
}
