import { CutoverError, nothingChanged } from "../errors/CutoverError.ts"
import { launchOptions } from "./launchOptions.ts"
import { nearest } from "./nearest.ts"
import { valueOf } from "./loadConfig.ts"
import type { RunOptions } from "./runOptions.ts"

/** Options of a run that is under way, from `max-rows-per-second=20000` and the like; `none` takes a limit away. */
export function parseSettings(texts: readonly string[]): Partial<RunOptions> {
  return Object.fromEntries(texts.map(parseSetting))
}

function parseSetting(text: string): [string, unknown] {
  const at = text.indexOf("=")
  if (at < 1) throw wrong(`${text} is not of the form KEY=VALUE.`)
  const name = text.slice(0, at)
  const option = launchOptions.find((one) => one.name === name || one.camelName === name)
  if (option === undefined) throw wrong(`There is no option ${name}. The nearest is ${nearest(name, liveNames)}.`)
  if (!option.isLive) throw wrong(`${option.name} cannot be changed while a run lives.`)
  return [option.key, valueOf({ option, value: text.slice(at + 1), source: "the command line" })]
}

const liveNames = launchOptions.filter((one) => one.isLive).map((one) => one.name)

function wrong(message: string): CutoverError {
  return new CutoverError("CUTOVER_USAGE", {
    message,
    state: nothingChanged,
    hint: `What can be set: ${liveNames.join(", ")}.`,
  })
}
