import { spawn } from "node:child_process"
import type { Account } from "./account.ts"

/** `code` is null when a signal ended the program; `output` is what it wrote to stdout and stderr. */
export type Outcome = { readonly code: number | null; readonly output: string }

/**
 * Runs a program to its end, as `account` where one is given; rejects when it cannot be started.
 * It has a session of its own, so that Ctrl-C on our terminal never stops it half-way.
 */
export function runProgram(file: string, args: readonly string[], account: Account | undefined): Promise<Outcome> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
  const child = spawn(file, args, {
    // The account may be unable to enter our working directory.
    cwd: "/",
    // PGDATA, PGPORT and their like are meant for other servers.
    env: { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC" },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    // Node wants these as signed numbers, and gives them as unsigned ones: macOS's `nobody` is -2.
    ...(account === undefined ? {} : { uid: account.uid | 0, gid: account.gid | 0 }),
  })
  let output = ""
  const collect = (text: string): void => {
    output += text
  }
  child.stdout.setEncoding("utf8").on("data", collect)
  child.stderr.setEncoding("utf8").on("data", collect)
  child.on("error", reject)
  child.on("close", (code) => resolve({ code, output: output.trim() }))
  return promise
}
