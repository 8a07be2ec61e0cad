import { inspect } from "node:util"
import { CutoverError, nothingChanged } from "../errors/CutoverError.ts"
import { type ConfigFile, findConfigFile } from "./findConfigFile.ts"
import { type LaunchOption, launchOptions } from "./launchOptions.ts"
import { nearest } from "./nearest.ts"
import { type RunOptions, runOptionsSchema } from "./runOptions.ts"

export type ConfigSources = {
  /** What the command line was given, by the options' camelCase names; undefined and other names do not count. */
  readonly flags: Readonly<Record<string, unknown>>
  /** The environment; an empty variable counts as unset. A repeatable option's values are separated by `;`. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** The folder of the configuration file; absolute. */
  readonly cwd: string
}

/**
 * The options of a launch: a flag wins over the environment, that over the configuration file, that over the default.
 * A value that is not allowed is `CUTOVER_CONFIG_INVALID` even where a stronger source overrules it.
 */
export async function loadConfig({ flags, env, cwd }: ConfigSources): Promise<RunOptions> {
  const file = await findConfigFile(cwd)
  const given = [...(file ? fromFile(file) : []), ...fromEnvironment(env), ...fromFlags(flags)]
  return runOptionsSchema.parse(Object.fromEntries(given.map((one) => [one.option.key, valueOf(one)])))
}

/** A value of an option as its source has it, and the source in words. */
export type Given = { readonly option: LaunchOption; readonly value: unknown; readonly source: string }

function fromFlags(flags: ConfigSources["flags"]): Given[] {
  return launchOptions
    .map((option) => ({ option, value: flags[option.camelName], source: `the flag --${option.name}` }))
    .filter(({ value }) => value !== undefined)
}

function fromEnvironment(env: ConfigSources["env"]): Given[] {
  return launchOptions.flatMap((option) => {
    const text = env[option.variable]
    if (text === undefined || text === "") return []
    const value = option.repeatable ? text.split(";") : text
    return [{ option, value, source: `the environment variable ${option.variable}` }]
  })
}

function fromFile({ path, values }: ConfigFile): Given[] {
  const given = Object.entries(values).map(([key, value]) => ({
    option: optionOf(key, path),
    value,
    source: `the file ${path}`,
  }))
  const twice = given.find(({ option }, at) => given.findIndex((other) => other.option === option) < at)
  if (twice) {
    const { name, camelName } = twice.option
    throw invalid(`The file ${path} has the option ${name} twice.`, `Keep one of ${camelName} and ${name}.`)
  }
  return given.filter(({ value }) => value !== undefined)
}

function optionOf(key: string, path: string): LaunchOption {
  const option = launchOptions.find(({ name, camelName }) => key === camelName || key === name)
  if (option) return option
  const known = launchOptions.map(({ camelName }) => camelName)
  throw invalid(
    `The file ${path} has a key that is unknown: ${inspect(key)}. The nearest known one is ${nearest(key, known)}.`,
    `The known keys are ${known.join(", ")}.`,
  )
}

export function valueOf(given: Given): unknown {
  const { option, value } = given
  const parsed = option.repeatable
    ? (Array.isArray(value) ? value : [value]).map((element) => parse(given, element))
    : parse(given, value)
  const judged = runOptionsSchema.shape[option.key].safeParse(parsed)
  if (!judged.success) throw notAllowed(given, judged.error)
  return judged.data
}

function parse(given: Given, value: unknown): unknown {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") throw notAllowed(given)
  try {
    return given.option.parse(String(value))
  } catch (error) {
    if (error instanceof CutoverError) throw notAllowed(given, error)
    throw error
  }
}

function notAllowed({ option, value, source }: Given, cause?: unknown): CutoverError {
  return new CutoverError("CUTOVER_CONFIG_INVALID", {
    message: `The value ${inspect(value)} for ${option.name}, from ${source}, is not allowed.`,
    state: nothingChanged,
    hint: `Allowed is ${option.allowed}.`,
    details: { option: option.name, source, value, allowed: option.allowed },
    cause,
  })
}

function invalid(message: string, hint: string): CutoverError {
  return new CutoverError("CUTOVER_CONFIG_INVALID", { message, state: nothingChanged, hint })
}
