import { readFileSync } from "node:fs"
import { Command, CommanderError } from "commander"
import { CutoverError, nothingChanged } from "../errors/CutoverError.ts"
import { exitCodes } from "../errors/codes.ts"
import type { CliCommand } from "./CliCommand.ts"
import { Output } from "./Output.ts"
import { abort } from "./commands/abort.ts"
import { attach } from "./commands/attach.ts"
import { cleanup } from "./commands/cleanup.ts"
import { demo } from "./commands/demo.ts"
import { doctor } from "./commands/doctor.ts"
import { launch } from "./commands/launch.ts"
import { log } from "./commands/log.ts"
import { pause } from "./commands/pause.ts"
import { plan } from "./commands/plan.ts"
import { resume } from "./commands/resume.ts"
import { retry } from "./commands/retry.ts"
import { rollback } from "./commands/rollback.ts"
import { set } from "./commands/set.ts"
import { status } from "./commands/status.ts"
import { verify } from "./commands/verify.ts"
import { worker } from "./commands/worker.ts"
import { type Context, type GlobalOptions, createContext } from "./context.ts"
import { helpEnd, helpStyle } from "./help.ts"
import { reportError } from "./reportError.ts"

/** In the order of a run's life. */
const commands: readonly CliCommand[] = [
  doctor,
  plan,
  launch,
  worker,
  status,
  log,
  pause,
  resume,
  retry,
  set,
  verify,
  attach,
  abort,
  rollback,
  cleanup,
  demo,
]

/** Runs a command line, without the names of node and the program, and returns its exit code. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const said = (flag: string): boolean =>
    argv.slice(0, argv.includes("--") ? argv.indexOf("--") : undefined).includes(flag)
  const color = !said("--no-color")
  const isJson = said("--json")
  const stderr = new Output(process.stderr, { color })
  const report = (error: unknown): number => reportError(error, { stderr, isJson, isVerbose: said("--verbose") })
  let unwritten: number | undefined
  const stdout = new Output(process.stdout, { color, onFailed: (error) => (unwritten = report(notWritten(error))) })
  try {
    const exitCode = await parse(argv, { stdout, stderr }, { isJson })
    // The last error comes after the last write.
    await new Promise((resolve) => setImmediate(resolve))
    return exitCode === exitCodes.done ? (unwritten ?? exitCode) : exitCode
  } catch (error) {
    return report(error)
  }
}

function notWritten(error: Error): CutoverError {
  return new CutoverError("CUTOVER_USAGE", {
    message: `The result cannot be written: ${error.message}.`,
    state: "What the command did is done; only its result is lost, or cut off.",
    hint: "Make room, or give its output another place.",
    cause: error,
  })
}

type Outputs = Pick<Context, "stdout" | "stderr">

async function parse(argv: readonly string[], outputs: Outputs, { isJson }: { isJson: boolean }): Promise<number> {
  let exitCode: number = exitCodes.done
  const program = defineProgram(outputs, (code) => {
    exitCode = code
  })
  // The help that follows a call without a command; a script wants the error alone.
  if (isJson) program.configureOutput({ writeErr: () => {} })
  try {
    await program.parseAsync(argv, { from: "user" })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCodes.done
    throw error
  }
}

function defineProgram(outputs: Outputs, onExit: (code: number) => void): Command {
  const program = new Command("cutover")
  program
    .description(
      "Turns a big, live PostgreSQL table into a monthly range-partitioned one: resumable, proved, and watched.",
    )
    .usage("<command> [options]")
    .option("--database-url <url>", "The database; else DATABASE_URL, else libpq's PG* variables and .pgpass.")
    .option("--json", "Results as JSON on stdout, an error as JSON on stderr.")
    .option("--quiet", "No progress, no prose: results and errors only.")
    .option("--verbose", "Log what goes on inside, and the stack of unexpected errors.")
    .option("--no-color", "No colors; so does the environment variable NO_COLOR.")
    .option("--yes", "Answer yes to questions; what destroys something still wants --confirm.")
    .helpOption("--help", "This help.")
    .version(readVersion(), "--version", "The version.")
    .helpCommand("help [command]", "Help about a command")
    .configureHelp(helpStyle)
    .configureOutput({
      outputError: () => {},
      getErrHasColors: () => outputs.stderr.color,
      getOutHasColors: () => outputs.stdout.color,
    })
    .addHelpText("after", helpEnd)
  for (const command of commands) addCommand(program, command, outputs, onExit)
  overrideExit(program)
  return program
}

function addCommand(program: Command, command: CliCommand, outputs: Outputs, onExit: (code: number) => void): void {
  const defined = program.command(command.name).summary(command.summary).description(command.description)
  command.define(defined)
  defined.action(async (...given: unknown[]) => {
    // commander hands over the arguments, the options, and the command itself.
    const context = createContext(defined.optsWithGlobals<GlobalOptions>(), outputs)
    onExit(await command.run(context, ...(given.slice(0, -1) as never[])))
  })
}

/** commander would end the process itself, with exit code 1. */
function overrideExit(program: Command): void {
  for (const command of [program, ...program.commands]) {
    command.exitOverride((error) => {
      throw error.exitCode === 0 ? error : wrongUse(error, command, program)
    })
  }
}

function wrongUse(error: CommanderError, command: Command, program: Command): CutoverError {
  return new CutoverError("CUTOVER_USAGE", {
    message: error.code === "commander.help" ? "No command was given." : sentenceOf(error.message),
    state: nothingChanged,
    hint: `See: ${command === program ? "cutover --help" : `cutover ${command.name()} --help`}`,
    details: { reason: error.code.replace("commander.", "") },
    cause: error,
  })
}

/** From `error: unknown command 'staus'`, and a guess in parentheses in a line of its own. */
function sentenceOf(message: string): string {
  const text = message.replace(/^error: /, "").replaceAll("\n", " ")
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.)]$/.test(text) ? "" : "."}`
}

function readVersion(): string {
  const file = new URL("../../package.json", import.meta.url)
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version
}
