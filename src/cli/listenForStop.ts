import { constants } from "node:os"

/** Aborted by the first SIGINT or SIGTERM; `exitCode` is then 130 or 143. */
export type Stop = Disposable & { readonly signal: AbortSignal; readonly exitCode: number; readonly name: string }

/** A Ctrl-C reaches us twice when npm started us: from the terminal, and passed on by npm. */
const sameSignalMs = 500

/** Takes SIGINT and SIGTERM over until it is disposed: the first asks to finish, the second ends us at once. */
export function listenForStop(): Stop {
  const controller = new AbortController()
  let name: "SIGINT" | "SIGTERM" = "SIGINT"
  let firstAt = 0
  const exitCode = (): number => 128 + constants.signals[name]
  const onSignal = (signal: "SIGINT" | "SIGTERM"): void => {
    if (controller.signal.aborted) {
      if (performance.now() - firstAt > sameSignalMs) process.exit(exitCode())
      return
    }
    name = signal
    firstAt = performance.now()
    controller.abort()
  }
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal)
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode()
    },
    get name() {
      return name
    },
    [Symbol.dispose]: () => {
      process.off("SIGINT", onSignal).off("SIGTERM", onSignal)
    },
  }
}
