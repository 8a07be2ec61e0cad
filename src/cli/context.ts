import { hostname, userInfo } from "node:os"
import type { Output } from "./Output.ts"

export type Environment = Readonly<Record<string, string | undefined>>

/** What every command gets: what was asked for on the whole, where to write, and who asks. */
export type Context = {
  /** `--database-url`; see `chooseConnection` for the rest. */
  readonly databaseUrl: string | undefined
  readonly isJson: boolean
  readonly isQuiet: boolean
  readonly isVerbose: boolean
  readonly env: Environment
  /** `user@host`, for the log. */
  readonly actor: string
  /** How the caller calls us, for commands to copy: `cutover`, or `npx cutover`. */
  readonly program: string
  /** Results. */
  readonly stdout: Output
  /** All else. */
  readonly stderr: Output
}

/** The options that every command takes, as commander hands them over. */
export type GlobalOptions = {
  readonly databaseUrl?: string
  readonly json?: boolean
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly color: boolean
  readonly yes?: boolean
}

export function createContext(options: GlobalOptions, outputs: Pick<Context, "stdout" | "stderr">): Context {
  const { env } = process
  return {
    databaseUrl: options.databaseUrl,
    isJson: options.json ?? false,
    isQuiet: options.quiet ?? false,
    isVerbose: options.verbose ?? false,
    env,
    actor: `${userName(env)}@${hostname()}`,
    // npm sets it for npx and for its scripts; there, `cutover` alone is on nobody's path.
    program: env["npm_command"] ? "npx cutover" : "cutover",
    ...outputs,
  }
}

/** Whether prose and progress are wanted on stderr: with --json, only a terminal's reader wants them. */
export function isTalkative({ isQuiet, isJson, stderr }: Context): boolean {
  return !isQuiet && (!isJson || stderr.isTerminal)
}

/** Says something to a person, on stderr. */
export function say(context: Context, text: string): void {
  if (isTalkative(context)) context.stderr.write(text)
}

/** Prints a result: the document with --json, else the text. */
export function print(context: Context, document: unknown, text: string): void {
  context.stdout.write(context.isJson ? JSON.stringify(document, null, 2) : text)
}

/** Containers run accounts that nobody has named. */
function userName(env: Environment): string {
  try {
    return userInfo().username
  } catch {
    return env["USER"] ?? String(process.getuid?.() ?? "unknown")
  }
}
