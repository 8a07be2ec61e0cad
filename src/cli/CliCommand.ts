import type { Command } from "commander"
import type { Context } from "./context.ts"

/** A command of the command line. */
export type CliCommand = {
  readonly name: string
  /** One short line, for the list of commands. */
  readonly summary: string
  /** What it does, in whole sentences, for its own help. */
  readonly description: string
  /** Its arguments, options and help. */
  readonly define: (command: Command) => void
  /** Does it, with the arguments in their order and then the options; returns the exit code. */
  readonly run: (context: Context, ...given: never[]) => Promise<number>
}

/** What a run is called on the command line. */
export const runArgument = ["<run>", "A run's id, or a table's name, which means its latest run."] as const
