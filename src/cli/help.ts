import { styleText } from "node:util"
import { type Command, Help, type HelpConfiguration } from "commander"

/** How help looks: titles bold, commands before options, and the options of all commands in each one's help. */
export const helpStyle: HelpConfiguration = {
  showGlobalOptions: true,
  styleTitle: (title) => styleText("bold", title, { validateStream: false }),
  formatHelp: (command: Command, helper: Help) =>
    commandsFirst(Help.prototype.formatHelp.call(helper, command, helper)),
}

/** What comes below the list of commands and options. */
export const helpEnd = `
A table is schema.table or table (then in public), quoted as in SQL.
Where a run is wanted, its id or its table's name will do.

Examples:
  $ cutover demo
  $ cutover launch public.returns_raw --by return_date --writes block
  $ cutover status public.returns_raw --watch

Exit codes:
  0 done   1 a bug of ours   2 wrong use   3 refused by preflight   4 source and target differ
  5 halted   6 database unreachable   7 time limit   8 somebody else works the run
  9 confirmation needed   130, 143 stopped by a signal, resumable`

function commandsFirst(help: string): string {
  const sections = help.trimEnd().split("\n\n")
  const options = sections.findIndex((section) => section.includes("Options:"))
  const commands = sections.findIndex((section) => section.includes("Commands:"))
  if (commands === -1) return help
  const [moved = ""] = sections.splice(commands, 1)
  return `${sections.toSpliced(options, 0, moved).join("\n\n")}\n`
}
