import { type ChildProcessByStdio, spawn } from "node:child_process"
import { once } from "node:events"
import type { Readable } from "node:stream"
import { fileURLToPath } from "node:url"

/** The command, for Node to run. */
export const bin = fileURLToPath(new URL("../../bin/cutover.js", import.meta.url))

export type Ended = {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** The command as a process of its own, whose output is kept. `await using` kills it at the end of its block. */
export type Cutover = AsyncDisposable & {
  readonly process: ChildProcessByStdio<null, Readable, Readable>
  /** What it has written so far. */
  readonly stdout: () => string
  readonly stderr: () => string
  readonly ended: Promise<Ended>
}

/** Starts `cutover` with these arguments against a database. Nothing of this process's database settings leaks in. */
export function startCutover(
  url: string | null,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Cutover {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PG|DATABASE_URL|CUTOVER_|NO_COLOR)/.test(name))
  const child = spawn(process.execPath, [bin, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...Object.fromEntries(inherited), ...(url === null ? {} : { DATABASE_URL: url }), ...env },
  })
  let stdout = ""
  let stderr = ""
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = once(child, "close").then(([code, signal]: unknown[]) => ({
    code: code as number | null,
    signal: signal as NodeJS.Signals | null,
    stdout,
    stderr,
  }))
  return {
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL")
      await ended
    },
  }
}

export async function runCutover(
  url: string | null,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return await startCutover(url, args, env).ended
}
