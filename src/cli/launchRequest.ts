import type { Command } from "commander"
import { launchOptions } from "../config/launchOptions.ts"
import { loadConfig } from "../config/loadConfig.ts"
import type { RunOptions } from "../config/runOptions.ts"
import { parseIdentifierList } from "../domain/identifierList.ts"
import { parseTableName } from "../domain/tableName.ts"
import { CutoverError, nothingChanged } from "../errors/CutoverError.ts"
import type { LaunchRequest } from "../runtime/commands/launch.ts"
import type { Context } from "./context.ts"

/** What commander hands over for `launch` and `plan`. */
export type LaunchFlags = Readonly<Record<string, unknown>> & { readonly by: string }

/** The options that decide how a table is cut over. */
export function defineLaunchOptions(command: Command): void {
  for (const { flag, description, repeatable } of launchOptions) {
    if (repeatable)
      command.option(flag, description, (value: string, before: string[] | undefined) => [...(before ?? []), value])
    else command.option(flag, description)
  }
}

/** Flags, environment, file and defaults, in this order. */
export async function readLaunchRequest(
  context: Context,
  tableText: string,
  flags: LaunchFlags,
): Promise<LaunchRequest> {
  const table = parseTableName(tableText)
  const by = parseColumn(flags.by)
  const options = await loadConfig({ flags, env: context.env, cwd: currentFolder() })
  return { table, by, options, isOptedIn: isOptedIn(context, options) }
}

function currentFolder(): string {
  try {
    return process.cwd()
  } catch (cause) {
    throw new CutoverError("CUTOVER_CONFIG_INVALID", {
      message: "The current folder does not exist any more, so no configuration file can be looked for in it.",
      state: nothingChanged,
      hint: "Change to a folder that exists.",
      cause,
    })
  }
}

function parseColumn(text: string): string {
  const [column, ...more] = parseIdentifierList(text, ",")
  if (column !== undefined && more.length === 0) return column
  throw new CutoverError("CUTOVER_USAGE", {
    message: `--by takes one column, and ${text} are ${more.length + 1}.`,
    state: nothingChanged,
    hint: "Name the column that decides the partition.",
  })
}

function isOptedIn({ env }: Context, { requireEnv }: RunOptions): boolean {
  return requireEnv === null || env[requireEnv] === "1"
}
