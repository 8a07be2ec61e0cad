import type { Logger } from "pino"
import pretty from "pino-pretty"
import { createLogger, type LogLevel } from "../log/createLogger.ts"
import type { Context } from "./context.ts"

/** The log of what goes on inside, on stderr: lines of JSON, on a terminal lines for people above the picture. */
export function openLogger(context: Context, usual: LogLevel): Logger {
  const { stderr, isVerbose, isQuiet } = context
  const level = isVerbose ? "debug" : isQuiet ? "silent" : usual
  if (!stderr.isTerminal) return createLogger(level, { write: (line) => stderr.write(line.trimEnd()) })
  const render = pretty.prettyFactory({
    colorize: stderr.color,
    ignore: "name",
    translateTime: "UTC:HH:MM:ss'Z'",
    singleLine: true,
    errorLikeObjectKeys: [],
  })
  const isNews = isVerbose ? () => true : newsFilter()
  return createLogger(level, {
    write: (line) => {
      if (isNews(line)) stderr.write(render(line).trimEnd())
    },
  })
}

/** While a database is away each lane says so each second; a person wants to hear it now and then. */
const repeatAfterMs = 30_000

function newsFilter(): (line: string) => boolean {
  const saidAt = new Map<string, number>()
  return (line) => {
    const { msg } = JSON.parse(line) as { msg: string }
    const now = performance.now()
    if (now - (saidAt.get(msg) ?? -Infinity) < repeatAfterMs) return false
    saidAt.set(msg, now)
    return true
  }
}
