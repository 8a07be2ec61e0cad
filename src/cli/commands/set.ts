import { launchOptions } from "../../config/launchOptions.ts"
import { parseSettings } from "../../config/parseSettings.ts"
import { exitCodes } from "../../errors/codes.ts"
import { set as setOptions } from "../../runtime/commands/set.ts"
import { findRunByReference } from "../../runtime/findRun.ts"
import { type CliCommand, runArgument } from "../CliCommand.ts"
import type { Context } from "../context.ts"
import { printStatus } from "../printStatus.ts"
import { withServices } from "../withServices.ts"

/** Changes throttle, batch and parallelism while a run lives. */
export const set: CliCommand = {
  name: "set",
  summary: "Throttle, batch and parallelism, while it runs",
  description:
    "Changes options of a run while it lives; they hold from the next batch on. A limit is taken away with `none`.",
  define: (command) => {
    command
      .argument(...runArgument)
      .argument("<settings...>", "KEY=VALUE, such as max-rows-per-second=20000")
      .addHelpText("after", `\nKeys:\n${keys()}`)
  },
  run: async (context: Context, reference: string, settings: readonly string[]) => {
    const changes = parseSettings(settings)
    return await withServices(context, { role: "set" }, async (services) => {
      const { id } = await findRunByReference(services, reference)
      await setOptions(services, id, changes)
      await printStatus(context, services, id)
      return exitCodes.done
    })
  },
}

function keys(): string {
  const live = launchOptions.filter((one) => one.isLive)
  const width = Math.max(...live.map((one) => one.name.length))
  return live.map((one) => `  ${one.name.padEnd(width)}  ${one.allowed}`).join("\n")
}
