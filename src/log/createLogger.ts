import { type DestinationStream, type Logger, destination, pino } from "pino"

export type LogLevel = "silent" | "error" | "warn" | "info" | "debug"

/** A logger of JSON lines to stderr, or to the given stream. Never give it anything that holds a password. */
export function createLogger(
  level: LogLevel,
  stream: DestinationStream = destination({ dest: 2, sync: true }),
): Logger {
  return pino({ level, base: { name: "cutover" }, timestamp: pino.stdTimeFunctions.isoTime }, stream)
}
